//! What all queries of one run share, and how one query goes: request, answer, account.

use std::pin::pin;
use std::time::{Duration, Instant};

use kch_cli::{Exit, Failure, Io, Result, Settings, vars};
use kch_http::Client;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::answer::{self, Answer, Sink, Trouble};
use crate::args::{Args, Compression, Output};
use crate::cap::Cap;
use crate::explain::ensure_written;
use crate::external::External;
use crate::nodes::Nodes;
use crate::progress::{Heads, Progress};
use crate::quoting::{assignments_of, unquote};
use crate::sql::Kind;
use crate::upload::Upload;
use crate::watch::{Stop, Watch};

/// Names and values.
pub(crate) type Pairs = Vec<(String, String)>;

/// One query to run.
#[derive(Debug)]
pub(crate) struct Query<'a> {
    pub(crate) sql: &'a [u8],
    pub(crate) kind: Kind<'a>,
    pub(crate) upload: Option<Upload>,
    /// What the upload is, when it is not the data of an `INSERT`.
    pub(crate) table: Option<External>,
    /// Parameters besides those of the command line, escaped.
    pub(crate) params: Pairs,
}

impl<'a> Query<'a> {
    /// A query that carries all it needs.
    pub(crate) fn whole(sql: &'a [u8]) -> Query<'a> {
        Query { sql, kind: Kind::Whole, upload: None, table: None, params: Vec::new() }
    }
}

/// The server, and what goes with each query.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) nodes: Nodes,
    pub(crate) database: String,
    pub(crate) format: String,
    /// `--format` was given: what it prints is ClickHouse's own affair.
    pub(crate) foreign_format: bool,
    pub(crate) params: Pairs,
    pub(crate) settings: Pairs,
    pub(crate) timeout: Option<Duration>,
    pub(crate) stats: bool,
    pub(crate) compression: Compression,
    /// `--readonly`.
    pub(crate) read_only: bool,
    /// `--atomic`.
    pub(crate) atomic: bool,
    /// `--max-rows`, `--max-bytes`.
    pub(crate) cap: Option<Cap>,
    /// The user may not change settings: ours are left out.
    pub(crate) may_not_set: bool,
    pub(crate) query_id: Option<String>,
    queries: usize,
    /// The user wants progress in the heads of answers.
    pub(crate) heads: Option<Heads>,
    pub(crate) shows_progress: bool,
}

impl Session {
    pub(crate) fn new(args: &Args, settings: &Settings, io: &Io) -> Result<Session> {
        let server = &args.server;
        let fitting = server.output.unwrap_or(match io.output.is_terminal() {
            true => Output::Table,
            false => Output::Json,
        });
        let format = args.query.format.clone().unwrap_or_else(|| fitting.format().to_owned());
        let cap = Cap::new(args.query.max_rows, args.query.max_bytes);
        if let Some(cap) = &cap {
            cap.ensure_counts(&format)?;
            cap.ensure_lines(&server.settings)?;
        }
        Ok(Session {
            nodes: Nodes::from_settings(settings)?,
            database: settings.require(&vars::CLICKHOUSE_DATABASE)?,
            format,
            foreign_format: args.query.format.is_some(),
            params: args.query.params.clone(),
            settings: server.settings.clone(),
            timeout: server.timeout.filter(|timeout| !timeout.is_zero()),
            stats: server.stats,
            compression: server.compress,
            read_only: server.readonly,
            atomic: args.query.atomic,
            cap,
            may_not_set: false,
            query_id: server.query_id.clone(),
            queries: 0,
            heads: Heads::wanted_by(&server.settings),
            shows_progress: !server.no_progress && io.messages.takes_progress(),
        })
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
        self.heads = Heads::wanted_by(&self.settings);
        self.cap.as_ref().map_or(Ok(()), |cap| cap.ensure_lines(&self.settings))
    }

    /// Runs one query, its rows to stdout.
    pub(crate) async fn run(&mut self, mut query: Query<'_>, io: &mut Io) -> Result<Exit> {
        self.queries += 1;
        let query_id = self.next_query_id();
        let begun = Instant::now();
        let read = query.upload.as_ref().map(Upload::progress);
        let sends_data = query.upload.as_ref().map_or(query.kind.is_insert(), |upload| !upload.is_empty());
        let watch = Watch::new(io.signals.clone(), self.timeout);
        self.nodes.find_live().await;
        let progress = self.shows_progress.then(|| Progress::start(self, &query_id));
        let mut outcome =
            self.exchange(&mut query, &query_id, &watch, &mut self.stdout(&mut io.output)).await;
        if query.upload.is_none() && self.was_refused_for_ours(&outcome, &query) {
            self.may_not_set = true;
            io.messages.say("the user may not change settings: NaN and infinities are printed as null");
            outcome = self.exchange(&mut query, &query_id, &watch, &mut self.stdout(&mut io.output)).await;
        }
        drop(progress);
        // A signal also ends stdin, which breaks the upload off: that is no trouble of its own.
        if let (Some(exit), Err(Trouble::Failed(_) | Trouble::Unreached(_))) =
            (io.signals.received(), &outcome)
        {
            outcome = Err(Trouble::Stopped(Stop::Signal(exit)));
        }
        let interrupted = matches!(outcome, Err(Trouble::Stopped(Stop::Signal(_))));
        if let Some(why) = read.as_ref().and_then(|read| read.failed()).filter(|_| !interrupted) {
            return Err(Failure::refused(why).hint("rows that were sent before may have been written"));
        }
        let answer = match outcome {
            Ok(answer) => answer,
            Err(trouble) => return self.explain(trouble, &query, &query_id, io).await,
        };
        if sends_data && query.kind.is_insert() {
            ensure_written(&answer, &query_id)?;
        }
        let bytes = read.map(|read| read.bytes());
        if self.stats {
            let line = self.stats_line(&answer, &query, bytes, begun.elapsed(), &query_id);
            io.messages.json(&line);
        } else if query.kind.wants_stdin() && self.shows_progress {
            io.messages.say(&written(&answer, bytes.unwrap_or(0), begun.elapsed(), &query_id));
        }
        Ok(Exit::Done)
    }

    /// Runs a query of our own and gives its answer, in this format.
    pub(crate) async fn ask(
        &mut self,
        sql: &str,
        format: &str,
        params: Pairs,
        io: &mut Io,
    ) -> Result<std::result::Result<String, Exit>> {
        let watch = Watch::new(io.signals.clone(), self.timeout);
        self.nodes.find_live().await;
        match self.fetch(sql.as_bytes(), format, params, &watch).await {
            Ok(text) => Ok(Ok(text)),
            Err((trouble, query_id)) => {
                let query = Query::whole(sql.as_bytes());
                self.explain(trouble, &query, &query_id, io).await.map(Err)
            }
        }
    }

    /// A query of our own: its answer in memory, or what went wrong, with the query's id.
    pub(crate) async fn fetch(
        &mut self,
        sql: &[u8],
        format: &str,
        params: Pairs,
        watch: &Watch,
    ) -> std::result::Result<String, (Trouble, String)> {
        let query_id = Uuid::new_v4().to_string();
        let theirs = std::mem::replace(&mut self.format, format.to_owned());
        let mut query = Query { params, ..Query::whole(sql) };
        let mut text = Vec::new();
        let mut outcome = self.exchange(&mut query, &query_id, watch, &mut Sink::Memory(&mut text)).await;
        if self.was_refused_for_ours(&outcome, &query) {
            self.may_not_set = true;
            text.clear();
            outcome = self.exchange(&mut query, &query_id, watch, &mut Sink::Memory(&mut text)).await;
        }
        self.format = theirs;
        match outcome {
            Ok(_) => Ok(String::from_utf8_lossy(&text).into_owned()),
            Err(trouble) => Err((trouble, query_id)),
        }
    }

    fn stdout<'a>(&self, output: &'a mut kch_cli::Output) -> Sink<'a> {
        match &self.cap {
            Some(cap) => Sink::Capped(output, cap.clone()),
            None => Sink::Stdout(output),
        }
    }

    async fn exchange(
        &self,
        query: &mut Query<'_>,
        query_id: &str,
        watch: &Watch,
        sink: &mut Sink<'_>,
    ) -> std::result::Result<Answer, Trouble> {
        let watched = self.heads.as_ref().map(|heads| heads.client(self.nodes.current()));
        let client = watched.as_ref().unwrap_or(self.nodes.current());
        let request = self.request(client, query, query_id).map_err(Trouble::Failed)?;
        let response = match watch.over(pin!(client.send(request)), sink).await? {
            Ok(response) => response,
            Err(error) => return Err(Trouble::Failed(self.unanswered(error, query))),
        };
        answer::read(client, response, watch, sink, self.prints_our_lines(query)).await
    }

    fn unanswered(&self, error: kch_http::Error, query: &Query<'_>) -> Failure {
        let begun = matches!(error, kch_http::Error::Unreachable { connected: true, .. });
        let failure = Failure::from(error);
        if begun && query.kind.is_insert() {
            failure.context("rows that were sent may have been written")
        } else {
            failure
        }
    }

    /// Whether a read-only user was refused for nothing but our own settings.
    fn was_refused_for_ours(
        &self,
        outcome: &std::result::Result<Answer, Trouble>,
        query: &Query<'_>,
    ) -> bool {
        match outcome {
            Err(Trouble::Exception { exception, .. }) if exception.code == 164 => {
                // "Cannot modify 'x' setting in readonly mode"
                self.own_settings(query)
                    .iter()
                    .any(|(name, _)| exception.message.contains(&format!("'{name}' setting")))
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

    /// The line of `--stats`. What the server has read is known only when its answer was complete before its head.
    fn stats_line(
        &self,
        answer: &Answer,
        query: &Query<'_>,
        sent: Option<u64>,
        elapsed: Duration,
        query_id: &str,
    ) -> Value {
        let mut line = Map::new();
        line.insert("query_id".into(), query_id.into());
        if answer.bytes > 0 || !query.kind.is_insert() {
            line.extend(answer.rows.map(|rows| ("rows".to_owned(), rows.into())));
            line.insert("bytes".into(), answer.bytes.into());
        }
        line.extend(sent.map(|bytes| ("sent_bytes".to_owned(), bytes.into())));
        if query.kind.is_insert() || self.atomic || answer.bytes == 0 {
            answer.summary.unwrap_or_default().add_to(&mut line);
        }
        line.insert("seconds".into(), seconds(elapsed).into());
        Value::Object(line)
    }

    /// The client that queries go to now.
    pub(crate) fn client(&self) -> &Client {
        self.nodes.current()
    }
}

/// Seconds, to the millisecond.
pub(crate) fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1000.0).round() / 1000.0
}

fn written(answer: &Answer, bytes: u64, elapsed: Duration, query_id: &str) -> String {
    let rows = answer.summary.and_then(|summary| summary.written_rows).unwrap_or(0);
    format!("{rows} rows written from {bytes} bytes in {:.3} s (query id {query_id})", elapsed.as_secs_f64())
}
