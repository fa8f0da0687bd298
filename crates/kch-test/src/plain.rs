//! A request without TLS, in a few lines: the harness asks servers on the loopback address, past our own client.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// `http://host:port/path` taken apart.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) authority: String,
    path: String,
}

impl Place {
    /// `None` for what is not an `http://` URL.
    pub(crate) fn parse(url: &str) -> Option<Place> {
        let rest = url.strip_prefix("http://")?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let authority = authority.rsplit_once('@').map_or(authority, |(_, authority)| authority);
        let port = if authority.contains(':') { "" } else { ":80" };
        Some(Place { authority: format!("{authority}{port}"), path: path.trim_end_matches('/').to_owned() })
    }
}

/// Sends a request and gives the status and the body.
///
/// HTTP/1.0, so that the answer is not chunked and ends with its connection.
pub(crate) fn ask(
    place: &Place,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(&place.authority)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let base = if place.path.is_empty() { String::new() } else { format!("/{}", place.path) };
    let mut request = format!("{method} {base}{path} HTTP/1.0\r\nHost: {}\r\n", place.authority);
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str(&format!("Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len()));
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| io::Error::other(format!("no HTTP answer: {head}")))?;
    Ok((status, body.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart() {
        let place = Place::parse("http://u:p@localhost:8081/apis/v7/").unwrap();
        assert_eq!((place.authority.as_str(), place.path.as_str()), ("localhost:8081", "apis/v7"));
        assert_eq!(Place::parse("http://h").unwrap().authority, "h:80");
        assert!(Place::parse("https://h").is_none());
    }

    #[test]
    fn an_answer_has_a_status_and_a_body() {
        let stub = crate::HttpStub::start();
        stub.reply("POST", "/x", 418, r#"{"a":1}"#);
        let place = Place::parse(&stub.url()).unwrap();
        let answer = ask(&place, "POST", "/x?q=1", &[("A", "b")], "body").unwrap();
        assert_eq!(answer, (418, r#"{"a":1}"#.to_owned()));
        assert_eq!(stub.request_lines(), ["POST /x?q=1"]);
        assert_eq!(stub.request_bodies(), ["body"]);
    }
}
