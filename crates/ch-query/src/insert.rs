//! `ch-query insert`: JSON lines into a table.
//!
//! ```text
//! stdin -> lines -> pieces -> batches -> courier -> account -> exit code
//!          (a thread)         (by rows, bytes, time)  (two at a time; retried, cut)
//! ```

mod account;
mod batch;
mod courier;
mod cures;
mod dedup;
mod envelope;
mod intake;
mod journal;
mod lines;
mod losses;
mod rejects;
mod scan;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

use kch_cli::{Exit, Failure, Io, Result};
use tokio::sync::mpsc::Receiver;
use tokio::task::{JoinSet, LocalSet};

use crate::args::InsertArgs;
use crate::catalog::{self, Table};
use crate::plan::take_stdin;
use crate::progress;
use crate::quoting::{escape, quote_table, table_parts};
use crate::request::{FOR_DATA, IGNORE_UNKNOWN};
use crate::session::{Pairs, Session};
use account::Account;
use batch::Sealed;
use courier::{Courier, Delivery};
use cures::Cures;
use dedup::Dedup;
use intake::{Intake, Limits};
use journal::Journal;
use lines::{NOT_AN_OBJECT, Piece, Reading};
use losses::Losses;
use rejects::{Reject, Rejects, Why};

/// How many batches are on their way at the same time: the server parses one while it gets the next.
const IN_FLIGHT: usize = 2;
/// How often a terminal is told how far it is.
const TICK: Duration = Duration::from_millis(300);

/// A batch is one block, so that it is in as a whole or not at all; and it is written before it is answered.
const ONE_BLOCK: &[(&str, &str)] = &[
    ("log_comment", "ch-query insert"),
    ("async_insert", "0"),
    ("insert_deduplicate", "1"),
    ("min_insert_block_size_rows", "1048576"),
    ("min_insert_block_size_bytes", "0"),
];

/// Runs the verb.
pub(crate) async fn run(args: &InsertArgs, session: &mut Session, io: &mut Io) -> Result<Exit> {
    if is_set(session, "async_insert", &["1", "true"])
        && is_set(session, "wait_for_async_insert", &["0", "false"])
    {
        let why = "wait_for_async_insert = 0: ClickHouse would answer before the rows are in, and none could be counted";
        return Err(Failure::usage(why).hint("leave it out: async_insert = 1 alone answers when they are"));
    }
    let table = match catalog::find(&args.table, session, io).await? {
        Ok(table) => table,
        Err(exit) => return Ok(exit),
    };
    let dedup = match Dedup::of(&args.table, &table, session, io).await? {
        Ok(dedup) => dedup,
        Err(exit) => return Ok(exit),
    };
    if let (Dedup::Keeps { why, hint }, true) = (&dedup, args.state.is_some() || args.token.is_some()) {
        let flag = if args.state.is_some() { "--state" } else { "--token" };
        return Err(
            Failure::usage(format!("{flag} would not keep rows from being doubled: {why}")).hint(hint)
        );
    }
    let age = args.state.as_deref().and_then(Journal::age);
    let full_name = match table_parts(&args.table) {
        (database, name) if database.is_empty() => format!("{}.{name}", session.database),
        (database, name) => format!("{database}.{name}"),
    };
    let journal = args.state.as_deref().map(|path| Journal::open(path, &full_name)).transpose()?;
    if journal.as_ref().is_some_and(|journal| journal.pending().next().is_some())
        && dedup::may_have_forgotten(&table, age)
    {
        io.messages.say(
            "warning: batches were on their way more than an hour ago, and a replicated table forgets tokens after an \
             hour unless replicated_deduplication_window_seconds says otherwise: their rows may be doubled",
        );
    }
    let rejects = Rejects::open(args)?;
    let reading = Reading {
        envelope: args.envelope,
        next: journal.as_ref().map(Journal::next).unwrap_or_default(),
        in_order: journal.is_some(),
        losses: losses(args, &table, session),
    };
    let input = take_stdin(io, "insert")?;
    let pieces = lines::start(input, io.signals.clone(), reading)?;
    let limits = Limits {
        rows: args.batch_rows as usize,
        bytes: args.batch_bytes as usize,
        flush: args.token.is_none().then_some(args.flush),
        name: args.token.clone(),
    };
    let pending = journal.iter().flat_map(Journal::pending).cloned().collect::<Vec<_>>();
    let mut job = Job {
        intake: Intake::new(limits, pending.into_iter()),
        courier: Arc::new(courier(args, &table, dedup, session, io)),
        table,
        journal,
        rejects,
        account: Account::new(&args.table, args.dry_run),
        flights: JoinSet::new(),
        failure: None,
        cures: Cures::default(),
        shows_progress: session.shows_progress,
    };
    LocalSet::new().run_until(job.carry(pieces, io)).await;
    job.finish(args, session.stats, io)
}

/// What no row may lose, unless it may.
fn losses(args: &InsertArgs, table: &Table, session: &Session) -> Losses {
    if args.lossy {
        return Losses::default();
    }
    Losses::of(table, is_set(session, "input_format_null_as_default", &["1", "true"]))
}

/// Whether the user gives a setting one of these values.
fn is_set(session: &Session, name: &str, values: &[&str]) -> bool {
    session.settings.iter().any(|(known, value)| known == name && values.contains(&value.as_str()))
}

fn courier(args: &InsertArgs, table: &Table, dedup: Dedup, session: &Session, io: &Io) -> Courier {
    let target = if args.dry_run {
        // The lines are parsed as for the table, and go nowhere.
        format!("FUNCTION null('{}')", escape(&table.structure()).replace('\'', "\\'"))
    } else {
        quote_table(&args.table)
    };
    let mut parameters: Pairs = vec![
        ("query".to_owned(), format!("INSERT INTO {target} FORMAT JSONEachRow")),
        ("database".to_owned(), session.database.clone()),
    ];
    // A load has a progress of its own.
    parameters.extend(session.settings.iter().filter(|setting| !progress::asks_for_them(setting)).cloned());
    let own = ONE_BLOCK.iter().chain(FOR_DATA);
    let own = own.filter(|(name, _)| !session.settings.iter().any(|(known, _)| known == name));
    parameters.extend(own.map(|&(name, value)| {
        let ignored = args.ignore_unknown && IGNORE_UNKNOWN.contains(&name);
        (name.to_owned(), if ignored { "1" } else { value }.to_owned())
    }));
    if session.read_only {
        parameters.push(("readonly".to_owned(), "2".to_owned()));
    }
    Courier {
        nodes: session.nodes.clone(),
        parameters,
        compression: session.compression,
        // Nothing can be doubled where nothing goes.
        dedup: if args.dry_run { Dedup::Drops } else { dedup },
        retry: args.retry,
        timeout: session.timeout.unwrap_or(courier::TRY),
        signals: io.signals.clone(),
        query_id: session.query_id.clone(),
        queries: AtomicUsize::new(0),
    }
}

/// The run.
struct Job {
    intake: Intake,
    courier: Arc<Courier>,
    table: Table,
    journal: Option<Journal>,
    rejects: Rejects,
    account: Account,
    flights: JoinSet<Delivery>,
    /// Why nothing more is sent.
    failure: Option<Failure>,
    /// What helps against the lines that were refused.
    cures: Cures,
    shows_progress: bool,
}

impl Job {
    /// Carries pieces to the server until stdin or the patience ends.
    async fn carry(&mut self, mut pieces: Receiver<Piece>, io: &mut Io) {
        let mut ended = false;
        let mut shown = Instant::now();
        loop {
            while self.failure.is_none()
                && self.flights.len() < IN_FLIGHT
                && let Some(batch) = self.intake.next_ready(ended)
            {
                let sent = self.send(batch);
                self.keep_first(sent);
            }
            let done_reading = ended || self.failure.is_some();
            if done_reading && self.flights.is_empty() {
                return;
            }
            let due = self.intake.deadline().filter(|_| self.flights.len() < IN_FLIGHT && !done_reading);
            let due = due.unwrap_or_else(|| Instant::now() + Duration::from_secs(3600));
            tokio::select! {
                piece = pieces.recv(), if !done_reading && self.intake.has_room() => match piece {
                    Some(piece) => {
                        let taken = self.take(&piece, io);
                        self.keep_first(taken);
                    }
                    None => ended = true,
                },
                Some(delivery) = self.flights.join_next(), if !self.flights.is_empty() => {
                    let booked = match delivery {
                        Ok(delivery) => self.book(delivery, io),
                        Err(error) => Err(Failure::refused(format!("a batch was lost: {error}"))),
                    };
                    self.keep_first(booked);
                }
                () = tokio::time::sleep_until(due.into()) => {}
                () = tokio::time::sleep(TICK), if self.shows_progress => {}
            }
            if self.shows_progress && shown.elapsed() >= TICK {
                self.account.show();
                shown = Instant::now();
            }
        }
    }

    /// The first failure ends the run, once what is on its way has come to its end.
    fn keep_first(&mut self, outcome: Result<()>) {
        if let Err(failure) = outcome {
            self.failure.get_or_insert(failure);
        }
    }

    fn take(&mut self, piece: &Piece, io: &mut Io) -> Result<()> {
        self.account.read(piece);
        self.intake.absorb(piece);
        for refused in &piece.refused {
            self.cures.changed |= refused.changed;
            self.cures.look_at(refused.raw.as_deref().filter(|_| refused.why == NOT_AN_OBJECT));
            let reject = Reject {
                number: refused.number,
                at: refused.at,
                why: Why::Ours(&refused.why),
                raw: refused.raw.as_deref(),
                record: None,
            };
            self.rejects.add(&reject, &mut io.messages)?;
        }
        self.rejects.flush()?;
        let too_many = self.rejects.too_many(self.account.lines(), false);
        piece.failed.as_ref().map(Failure::refused).or(too_many).map_or(Ok(()), Err)
    }

    fn send(&mut self, batch: Sealed) -> Result<()> {
        if let Some(journal) = &mut self.journal {
            let mut ranges: BTreeMap<String, BTreeMap<i32, (i64, i64)>> = BTreeMap::new();
            for (slot, range) in batch.ranges() {
                let (topic, partition) = self.intake.partition(slot).clone();
                ranges.entry(topic).or_default().insert(partition, range);
            }
            journal.begin(&batch.token, ranges)?;
        }
        self.account.sent(&batch);
        let courier = Arc::clone(&self.courier);
        self.flights.spawn_local(async move { courier.deliver(batch).await });
        Ok(())
    }

    /// Books what became of a batch: its refused lines first, so that none is lost when the journal says it is done.
    fn book(&mut self, delivery: Delivery, io: &mut Io) -> Result<()> {
        for (index, exception) in &delivery.rejected {
            let (row, line) = (delivery.batch.rows[*index], delivery.batch.line(*index));
            let record = row.record.map(|record| {
                let (topic, partition) = self.intake.partition(record.slot);
                (topic.as_str(), *partition, record.offset)
            });
            self.cures.unknown_field |= exception.is_unknown_field();
            let exception = self.table.explain(exception);
            let reject = Reject {
                number: row.number,
                at: row.at,
                why: Why::Server(&exception),
                raw: Some(&line),
                record,
            };
            self.rejects.add(&reject, &mut io.messages)?;
        }
        self.rejects.flush()?;
        self.account.book(&delivery);
        if let Some(failure) = delivery.failure {
            return Err(failure);
        }
        if let Some(journal) = &mut self.journal {
            journal.finish(&delivery.batch.token)?;
        }
        self.rejects.too_many(self.account.lines(), false).map_or(Ok(()), Err)
    }

    /// The exit code, and what there is to say.
    fn finish(mut self, args: &InsertArgs, stats: bool, io: &mut Io) -> Result<Exit> {
        if self.shows_progress {
            progress::clear();
        }
        let signal = io.signals.received();
        let mut failure = self.failure.take();
        if failure.is_none() && signal.is_none() {
            failure = self.rejects.too_many(self.account.lines(), true).or_else(|| self.incomplete(args));
        }
        let refused = self.rejects.count();
        if stats {
            io.messages.json(&self.account.to_json(refused));
        } else if failure.is_some()
            || signal.is_some()
            || self.shows_progress
            || self.account.differs(refused)
        {
            io.messages.say(&self.account.summary(refused, self.intake.first_waiting()));
        }
        if !stats {
            self.cures.hints(&args.table).iter().for_each(|hint| io.messages.hint(hint));
        }
        match (failure, signal) {
            (Some(failure), Some(signal)) if failure.exit() != Exit::Refused => {
                io.messages.failure(&failure);
                Ok(signal)
            }
            (Some(failure), _) => Err(failure),
            (None, Some(signal)) => Ok(signal),
            (None, None) if refused > 0 => Ok(Exit::Refused),
            (None, None) => Ok(Exit::Done),
        }
    }

    /// What should have come on stdin and did not.
    fn incomplete(&self, args: &InsertArgs) -> Option<Failure> {
        if let Some(missing) = self.intake.missing() {
            let (topic, ranges) = missing.ranges.iter().next()?;
            let (partition, (from, to)) = ranges.iter().next()?;
            let what = format!("records {from} to {} of {topic}, partition {partition}", to - 1);
            return Some(
                Failure::refused(format!("{what} were on their way when the last run ended, and did not all come again"))
                    .hint("read the topic from the offsets in --state FILE, or from before, to beyond these records"),
            );
        }
        let nothing = self.account.is_empty() && !args.allow_empty && self.journal.is_none();
        nothing.then(|| {
            Failure::refused("insert got no lines on stdin: nothing was inserted")
                .hint("--allow-empty takes that for done")
        })
    }
}
