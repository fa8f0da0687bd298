//! `GET /ping`: whether a server is there and takes queries. Needs no credentials.

use std::pin::pin;

use http::Method;
use http_body_util::{BodyExt as _, Limited};
use kch_cli::{Exit, Failure, Format, Io, Render, Result};
use kch_http::{Client, body};

use crate::answer::Sink;
use crate::exception::one_line;
use crate::watch::{Stop, Watch};

/// More than this is no answer to a ping.
const LONGEST_ANSWER: usize = 4096;

/// Prints the server's `Ok.`.
pub(crate) async fn ping(
    client: &Client,
    watch: &Watch,
    format: Option<Format>,
    io: &mut Io,
) -> Result<Exit> {
    let place = client.endpoint().place();
    let request = client.request(Method::GET, &["ping"], &[]).body(body::empty());
    let request = request.map_err(|error| Failure::usage(format!("the request cannot be made: {error}")))?;
    let answer = async {
        let response = client.send(request).await?;
        let (status, body) = (response.status(), response.into_body());
        let text = Limited::new(body, LONGEST_ANSWER).collect().await.map(|whole| whole.to_bytes());
        Ok::<_, kch_http::Error>((status, text.unwrap_or_default()))
    };
    let (status, text) = match watch.over(pin!(answer), &Sink::Stdout(&mut io.output)).await {
        Ok(answer) => answer?,
        Err(Stop::Signal(exit)) => return Ok(exit),
        Err(Stop::ReaderGone) => return Err(Failure::closed_pipe()),
        Err(Stop::TimedOut) => {
            return Err(Failure::unavailable(format!("{place} did not answer the ping in time")));
        }
    };
    let said = one_line(&String::from_utf8_lossy(&text));
    match (status.as_u16(), text.trim_ascii()) {
        (200, b"Ok.") => {
            let row = serde_json::json!({"url": client.endpoint().base(), "ping": "Ok."});
            Render::new(format, &io.output).row(row, &mut io.output)?;
            Ok(Exit::Done)
        }
        (200, _) => Err(Failure::unavailable(format!("{place} answered the ping with {said:?}, not Ok."))
            .hint("something else listens there; CLICKHOUSE_HTTP is the address of its HTTP interface")),
        (status, _) => {
            Err(Failure::unavailable(format!("{place} answered the ping with status {status}: {said}")))
        }
    }
}
