//! What all queries of one run share, and how one query goes: request, answer, and its cancelling when we stop early.

use std::io;
use std::pin::pin;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Method;
use http_body_util::BodyExt as _;
use kch_cli::{Exit, Failure, Io, Result, Settings, vars};
use kch_http::{Body, Client, Endpoint, body};
use uuid::Uuid;

use crate::answer::{self, Answer, Sink, Trouble};
use crate::quoting::{assignments_of, escape, unquote};
use crate::sql::Kind;
use crate::upload::Upload;
use crate::watch::{Stop, Watch};
use crate::{Args, Output};

/// How long cancelling a query on the server may take.
const CANCEL: Duration = Duration::from_secs(2);

/// Settings of ours. In JSON, integers and decimals are exact numbers; NaN and infinities are kept, as strings.
const FOR_JSON: &[(&str, &str)] =
    &[("output_format_json_quote_64bit_integers", "0"), ("output_format_json_quote_denormals", "1")];
/// A query whose reader has gone shall not go on.
const FOR_ROWS: &[(&str, &str)] = &[("cancel_http_readonly_queries_on_client_close", "1")];
/// A misspelt field is an error, a null in a column that has none is not a zero, and RFC 3339 times are times.
const FOR_DATA: &[(&str, &str)] = &[
    ("input_format_skip_unknown_fields", "0"),
    ("input_format_null_as_default", "0"),
    ("date_time_input_format", "best_effort"),
];

type Pairs = Vec<(String, String)>;

/// One query to run.
#[derive(Debug)]
pub(crate) struct Query<'a> {
    pub(crate) sql: &'a [u8],
    pub(crate) kind: Kind<'a>,
    pub(crate) upload: Option<Upload>,
    /// Parameters besides those of the command line.
    pub(crate) params: Pairs,
}

/// The server, and what goes with each query.
#[derive(Debug)]
pub(crate) struct Session {
    client: Client,
    database: String,
    format: String,
    /// `--format` was given: what it prints is ClickHouse's own affair.
    foreign_format: bool,
    params: Pairs,
    settings: Pairs,
    timeout: Option<Duration>,
    stats: bool,
    query_id: Option<String>,
    queries: usize,
    /// The user may not change settings: ours are left out.
    read_only: bool,
}

impl Session {
    pub(crate) fn new(
        args: &Args,
        settings: &Settings,
        endpoint: Endpoint,
        terminal: bool,
    ) -> Result<Session> {
        let fitting = args.output.unwrap_or(if terminal { Output::Table } else { Output::Json });
        Ok(Session {
            client: Client::new(endpoint)?,
            database: settings.require(&vars::CLICKHOUSE_DATABASE)?,
            format: args.format.clone().unwrap_or_else(|| fitting.format().to_owned()),
            foreign_format: args.format.is_some(),
            params: args.params.clone(),
            settings: args.settings.clone(),
            timeout: (args.timeout > 0.0).then(|| Duration::from_secs_f64(args.timeout)),
            stats: args.stats,
            query_id: args.query_id.clone(),
            queries: 0,
            read_only: false,
        })
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// What `USE` means for the statements that follow: over HTTP each is a session of its own.
    pub(crate) fn use_database(&mut self, name: &[u8]) {
        self.database = unquote(name);
    }

    /// What `SET a = 1, b = 'x'` means for the statements that follow.
    pub(crate) fn set(&mut self, assignments: &[u8]) -> Result<()> {
        let Some(pairs) = assignments_of(assignments) else {
            return Err(Failure::usage(
                "only SET name = value works over HTTP, where each query is a session",
            ));
        };
        for (name, value) in pairs {
            self.settings.retain(|(known, _)| *known != name);
            self.settings.push((name, value));
        }
        Ok(())
    }

    /// Runs one query, its rows to stdout.
    pub(crate) async fn run(&mut self, mut query: Query<'_>, io: &mut Io) -> Result<Exit> {
        self.queries += 1;
        let query_id = self.next_query_id();
        let begun = Instant::now();
        let progress = query.upload.as_ref().map(Upload::progress);
        let sends_data = query.upload.as_ref().map_or(query.kind.is_insert(), |upload| !upload.is_empty());
        let watch = Watch::new(io.signals.clone(), self.timeout);
        let mut outcome =
            self.exchange(&mut query, &query_id, &watch, &mut Sink::Stdout(&mut io.output)).await;
        if query.upload.is_none() && self.may_not_set(&outcome, &query) {
            self.read_only = true;
            io.messages.say("the user may not change settings: NaN and infinities are printed as null");
            outcome = self.exchange(&mut query, &query_id, &watch, &mut Sink::Stdout(&mut io.output)).await;
        }
        // A signal also ends stdin, which breaks the upload off: that is no trouble of its own.
        if let (Some(exit), Err(Trouble::Failed(_))) = (io.signals.received(), &outcome) {
            outcome = Err(Trouble::Stopped(Stop::Signal(exit)));
        }
        let interrupted = matches!(outcome, Err(Trouble::Stopped(Stop::Signal(_))));
        if let Some(why) = progress.as_ref().and_then(|progress| progress.failed()).filter(|_| !interrupted) {
            return Err(Failure::refused(why).hint("rows that were sent before may have been written"));
        }
        let answer = match outcome {
            Ok(answer) => answer,
            Err(trouble) => return self.explain(trouble, &query, &query_id, io).await,
        };
        if sends_data && query.kind.is_insert() {
            ensure_written(&answer, &query_id)?;
        }
        if self.stats || (query.kind.wants_stdin() && io::IsTerminal::is_terminal(&io::stderr())) {
            let bytes = progress.map(|progress| progress.bytes());
            io.messages.say(&describe(&answer, bytes, begun.elapsed(), &query_id));
        }
        Ok(Exit::Done)
    }

    /// Runs a query of our own and gives its answer, tab-separated.
    pub(crate) async fn ask(
        &mut self,
        sql: &str,
        params: Pairs,
        io: &mut Io,
    ) -> Result<std::result::Result<String, Exit>> {
        let query_id = Uuid::new_v4().to_string();
        let format = std::mem::replace(&mut self.format, "TabSeparatedRaw".to_owned());
        let mut query = Query { sql: sql.as_bytes(), kind: Kind::Whole, upload: None, params };
        let watch = Watch::new(io.signals.clone(), self.timeout);
        let mut text = Vec::new();
        let outcome = self.exchange(&mut query, &query_id, &watch, &mut Sink::Memory(&mut text)).await;
        self.format = format;
        match outcome {
            Ok(_) => Ok(Ok(String::from_utf8_lossy(&text).into_owned())),
            Err(trouble) => self.explain(trouble, &query, &query_id, io).await.map(Err),
        }
    }

    async fn exchange(
        &self,
        query: &mut Query<'_>,
        query_id: &str,
        watch: &Watch,
        sink: &mut Sink<'_>,
    ) -> std::result::Result<Answer, Trouble> {
        let parameters = self.parameters(query, query_id);
        let parameters: Vec<(&str, &str)> =
            parameters.iter().map(|(name, value)| (&**name, &**value)).collect();
        let body = self.body(query);
        let request = self.client.request(Method::POST, &[], &parameters).body(body);
        let request = request.map_err(|error| Trouble::Failed(broken_request(&error)))?;
        let response = match watch.over(pin!(self.client.send(request)), sink).await? {
            Ok(response) => response,
            Err(error) => {
                let begun = matches!(error, kch_http::Error::Unreachable { connected: true, .. });
                let failure = Failure::from(error);
                let in_doubt = begun && query.kind.is_insert();
                return Err(Trouble::Failed(if in_doubt {
                    failure.context("rows that were sent may have been written")
                } else {
                    failure
                }));
            }
        };
        answer::read(&self.client, response, watch, sink).await
    }

    fn body(&self, query: &mut Query<'_>) -> Body {
        let mut sql = query.sql.to_vec();
        if query.kind == Kind::WantsFormatAndData {
            sql.extend_from_slice(b" FORMAT JSONEachRow");
        }
        match query.upload.take() {
            Some(upload) => {
                sql.push(b'\n');
                upload.into_body(sql.into())
            }
            None => body::full(Bytes::from(sql)),
        }
    }

    /// The URL's parameters. Not the SQL: proxies log URLs, and cut long ones off.
    fn parameters(&self, query: &Query<'_>, query_id: &str) -> Pairs {
        let mut all: Pairs =
            [("database", &*self.database), ("default_format", &self.format), ("query_id", query_id)]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into();
        all.extend(self.settings.iter().cloned());
        let own = self
            .own_settings(query)
            .filter(|(name, _)| !self.settings.iter().any(|(known, _)| known == name));
        all.extend(own.map(|&(name, value)| (name.to_owned(), value.to_owned())));
        let params = self.params.iter().chain(&query.params);
        all.extend(params.map(|(name, value)| (format!("param_{name}"), escape(value))));
        all
    }

    fn own_settings(&self, query: &Query<'_>) -> impl Iterator<Item = &'static (&'static str, &'static str)> {
        let insert = query.kind.is_insert();
        let for_json: &[_] = if self.foreign_format || insert { &[] } else { FOR_JSON };
        let all = [for_json, if insert { FOR_DATA } else { FOR_ROWS }];
        let all = if self.read_only { [&[][..]; 2] } else { all };
        all.into_iter().flatten()
    }

    /// Whether a read-only user was refused for nothing but our own settings.
    fn may_not_set(&self, outcome: &std::result::Result<Answer, Trouble>, query: &Query<'_>) -> bool {
        match outcome {
            Err(Trouble::Exception { exception, .. }) if exception.code == 164 => {
                self.own_settings(query).any(|(name, _)| exception.message.contains(name))
            }
            _ => false,
        }
    }

    fn next_query_id(&self) -> String {
        match (&self.query_id, self.queries) {
            (None, _) => Uuid::new_v4().to_string(),
            (Some(id), 1) => id.clone(),
            (Some(id), number) => format!("{id}-{number}"),
        }
    }

    /// Ends the query on the server where it may still run, and says what happened.
    async fn explain(
        &self,
        trouble: Trouble,
        query: &Query<'_>,
        query_id: &str,
        io: &mut Io,
    ) -> Result<Exit> {
        match trouble {
            Trouble::Failed(failure) => Err(failure),
            Trouble::Exception { exception, before } => {
                let mut failure = exception.failure(query_id);
                if let Some(before) = before {
                    failure = failure.context(before);
                }
                if failure.exit() == Exit::Usage {
                    failure = failure.context(self.client.endpoint().place());
                }
                Err(failure)
            }
            Trouble::Unwritable(error) => {
                self.cancel(query_id).await;
                let failure = Failure::from(error);
                if failure.is_closed_pipe() {
                    return Err(failure);
                }
                // What is still buffered would fail once more.
                io.output = kch_cli::Output::new(io::sink(), false);
                Err(failure.context("cannot write to stdout"))
            }
            Trouble::Stopped(stop) => {
                let ended = if self.cancel(query_id).await {
                    "the query was cancelled"
                } else {
                    "the connection was closed"
                };
                match stop {
                    Stop::ReaderGone => Err(Failure::closed_pipe()),
                    Stop::TimedOut => {
                        let (place, limit) =
                            (self.client.endpoint().place(), self.timeout.unwrap_or_default());
                        let what =
                            format!("{place} did not finish within {} s: {ended}", limit.as_secs_f64());
                        Err(Failure::unavailable(format!("{what} (query id {query_id})")))
                    }
                    Stop::Signal(exit) => {
                        let written = "; rows that were sent before may have been written";
                        let written = if query.kind.is_insert() { written } else { "" };
                        io.messages.say(&format!("interrupted: {ended}{written} (query id {query_id})"));
                        Ok(exit)
                    }
                }
            }
        }
    }

    /// Asks the server to end the query, and tells whether it knew it: a balancer may have asked the other node. The
    /// connection is closed in any case, which ends a query that only reads.
    async fn cancel(&self, query_id: &str) -> bool {
        let parameters = [("param_id", query_id), ("default_format", Output::Json.format())];
        let kill = body::full("KILL QUERY WHERE query_id = {id:String} ASYNC");
        let Ok(request) = self.client.request(Method::POST, &[], &parameters).body(kill) else {
            return false;
        };
        let killed = async {
            let response = self.client.send(request).await.ok()?;
            let success = response.status().is_success();
            let first = response.into_body().frame().await?.ok()?;
            Some(success && first.data_ref().is_some_and(|data| data.starts_with(b"{")))
        };
        tokio::time::timeout(CANCEL, killed).await.ok().flatten().unwrap_or(false)
    }
}

fn broken_request(error: &http::Error) -> Failure {
    Failure::usage(format!("the request cannot be made: {error}"))
}

/// An `INSERT` that sent rows and wrote none has failed, whatever the status says.
fn ensure_written(answer: &Answer, query_id: &str) -> Result<()> {
    let why = match answer.written_rows {
        Some(0) => "ClickHouse answered that it wrote 0 rows",
        None => "ClickHouse did not say how many rows it wrote",
        Some(_) => return Ok(()),
    };
    let hint =
        "the data may be empty lines, or a proxy answered in the server's place; count the table's rows";
    Err(Failure::refused(format!("{why} (query id {query_id})")).hint(hint))
}

fn describe(answer: &Answer, bytes: Option<u64>, elapsed: Duration, query_id: &str) -> String {
    let mut parts = Vec::new();
    match (bytes, answer.written_rows.filter(|&rows| rows > 0), answer.rows) {
        (Some(bytes), written, _) => {
            parts.push(format!("{} rows written from {bytes} bytes", written.unwrap_or(0)));
        }
        (None, Some(written), _) => parts.push(format!("{written} rows written")),
        (None, None, Some(rows)) => parts.push(format!("{rows} rows printed")),
        (None, None, None) => parts.push("done".to_owned()),
    }
    format!("{} in {:.3} s (query id {query_id})", parts.join(", "), elapsed.as_secs_f64())
}
