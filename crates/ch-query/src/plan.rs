//! From the command line to what shall be done, before any connection is made.

use std::io::{self, IsTerminal as _, Read};
use std::path::Path;

use kch_cli::{Failure, Input, Io, Result, Settings};
use kch_schema::Columns;

use crate::args::{Args, CheckArgs, DescribeArgs, InsertArgs, QueryArgs, TablesArgs, Verb};
use crate::check;
use crate::sql::{self, Statement};
use crate::stdin;

/// Larger SQL is data in disguise: it is read whole before any of it runs.
const LONGEST_SQL: u64 = 64 << 20;

/// What to do.
#[derive(Debug)]
pub(crate) enum Plan<'a> {
    /// Ask whether the server is up.
    Ping,
    /// Show a table's latest rows.
    Latest,
    /// Run this text.
    Run(Text),
    Insert(&'a InsertArgs),
    Tables(&'a TablesArgs),
    Describe(&'a DescribeArgs),
    /// Compare a table with these columns.
    Check(&'a CheckArgs, Columns),
}

/// SQL, and where it is from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) sql: Vec<u8>,
    pub(crate) origin: Origin,
}

/// Where SQL is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Argument,
    Stdin,
    File(String),
}

impl Text {
    /// The statements, once it is sure that at most one of them wants stdin and that stdin is there for it.
    pub(crate) fn statements(&self, allow_empty: bool) -> Result<Vec<Statement<'_>>> {
        let statements = sql::split(&self.sql);
        if statements.is_empty() {
            return Err(Failure::usage(format!("{}there is no SQL statement in it", self.place(None))));
        }
        let mut wanting = statements.iter().enumerate().filter(|(_, statement)| statement.kind.wants_stdin());
        let several = statements.len() > 1;
        if let Some((index, first)) = wanting.next() {
            let place = self.place(several.then_some((index, first)));
            if self.origin == Origin::Stdin && !allow_empty {
                let why = "the INSERT has no data: stdin ended behind it";
                let hint =
                    "put the data behind the FORMAT, or give the INSERT as an argument and the data on stdin";
                return Err(Failure::refused(format!("{place}{why}")).hint(hint));
            }
            if let Some((index, second)) = wanting.next() {
                let place = self.place(Some((index, second)));
                let why = "a second INSERT without data: stdin can feed only one";
                return Err(Failure::usage(format!("{place}{why}")));
            }
        }
        Ok(statements)
    }

    /// `file.sql:12: `, or `statement 2: ` for an argument with several; nothing for a single one.
    pub(crate) fn place(&self, statement: Option<(usize, &Statement<'_>)>) -> String {
        match (&self.origin, statement) {
            (Origin::Argument, None) => String::new(),
            (Origin::Argument, Some((index, _))) => format!("statement {}: ", index + 1),
            (Origin::Stdin, None) => "stdin: ".to_owned(),
            (Origin::Stdin, Some((_, statement))) => format!("stdin:{}: ", statement.line),
            (Origin::File(name), None) => format!("{name}: "),
            (Origin::File(name), Some((_, statement))) => format!("{name}:{}: ", statement.line),
        }
    }
}

/// Decides, and reads the SQL, or the schema that is asked for.
pub(crate) fn decide<'a>(args: &'a Args, settings: &Settings, io: &mut Io) -> Result<Plan<'a>> {
    let Some(verb) = &args.verb else { return decide_query(&args.query, io) };
    if let Some(flag) = args.query.first_given() {
        // In front of a verb it would do nothing.
        let why = format!("{flag} is for SQL, and {} is a verb that has no use for it", verb.name());
        let failure = Failure::usage(why);
        return Err(match &args.query.sql {
            Some(word) => failure.hint(format!("SQL is one argument, in quotes: ch-query '{word} …'")),
            None => failure,
        });
    }
    Ok(match verb {
        Verb::Insert(insert) => Plan::Insert(insert),
        Verb::Tables(tables) => Plan::Tables(tables),
        Verb::Describe(describe) => Plan::Describe(describe),
        Verb::Check(check) => Plan::Check(check, check::wanted(check, settings, io)?),
    })
}

/// Without SQL, `--table` and `--limit` ask for the latest rows and leave stdin alone. Otherwise stdin is read unless it
/// is a terminal; /dev/null, or no stdin at all, means the latest rows too.
fn decide_query(args: &QueryArgs, io: &mut Io) -> Result<Plan<'static>> {
    if args.ping {
        return Ok(Plan::Ping);
    }
    let has_sql = args.sql.is_some() || args.file.is_some();
    let stdin_is_data = args.each || args.table.is_some();
    if !has_sql && (args.table.is_some() || args.limit.is_some()) {
        if args.structure.is_some() {
            return Err(Failure::usage(
                "--structure describes the table on stdin: it wants SQL that reads it",
            ));
        }
        return latest(args);
    }
    let text = match (&args.sql, &args.file) {
        (Some(sql), _) if sql == "-" => Text { sql: read("stdin", &mut io.input)?, origin: Origin::Stdin },
        (Some(sql), _) => {
            ensure_no_verb(sql)?;
            Text { sql: sql.clone().into_bytes(), origin: Origin::Argument }
        }
        (None, Some(path)) if path == Path::new("-") => {
            Text { sql: read("stdin", &mut io.input)?, origin: Origin::Stdin }
        }
        (None, Some(path)) => read_file(path)?,
        (None, None) if io::stdin().is_terminal() => return latest(args),
        (None, None) => {
            let sql = read("stdin", &mut io.input)?;
            if sql.trim_ascii().is_empty() && io.signals.received().is_none() {
                return if stdin::is_somebodys(sql.is_empty()) { Err(no_sql()) } else { latest(args) };
            }
            Text { sql, origin: Origin::Stdin }
        }
    };
    if stdin_is_data && text.origin == Origin::Stdin {
        let flag = if args.each { "--each" } else { "--table" };
        return Err(Failure::usage(format!("{flag} reads stdin, so the SQL cannot come from there as well")));
    }
    Ok(Plan::Run(text))
}

fn latest(args: &QueryArgs) -> Result<Plan<'static>> {
    match args.until {
        Some(_) => Err(Failure::usage("--until wants a query, and there is no SQL")),
        None => Ok(Plan::Latest),
    }
}

/// What was to print SQL has failed, most likely.
fn no_sql() -> Failure {
    Failure::usage("stdin: there is no SQL in it")
        .hint("what was to write it has not; ch-query < /dev/null shows the latest rows of TABLE")
}

/// Refuses a single word that is nearly a verb. No statement of SQL that does something is one of these.
fn ensure_no_verb(sql: &str) -> Result<()> {
    let word = sql.trim().to_ascii_lowercase();
    match kch_cli::nearest(&word, Verb::NAMES) {
        Some(verb) => Err(Failure::usage(format!("{}: not SQL", sql.trim()))
            .hint(format!("did you mean the verb {verb}? ch-query --help lists them"))),
        None => Ok(()),
    }
}

fn read_file(path: &Path) -> Result<Text> {
    let name = path.display().to_string();
    let file = std::fs::File::open(path).map_err(|error| Failure::usage(format!("{name}: {error}")))?;
    Ok(Text { sql: read(&name, file)?, origin: Origin::File(name) })
}

/// The text of a file, or of stdin for `-`.
pub(crate) fn read_text(name: &str, io: &mut Io) -> Result<String> {
    let bytes = if name == "-" { read("stdin", &mut io.input)? } else { read_file(Path::new(name))?.sql };
    String::from_utf8(bytes).map_err(|_| Failure::usage(format!("{name}: not UTF-8")))
}

fn read(name: &str, source: impl Read) -> Result<Vec<u8>> {
    let mut sql = Vec::new();
    let count = source.take(LONGEST_SQL + 1).read_to_end(&mut sql);
    let count = count.map_err(|error| Failure::usage(format!("cannot read {name}: {error}")))?;
    if count as u64 > LONGEST_SQL {
        let why = format!("{name}: the SQL is larger than {} MiB", LONGEST_SQL >> 20);
        let hint = "give the INSERT as an argument and its data on stdin: they are streamed";
        return Err(Failure::usage(why).hint(hint));
    }
    Ok(sql)
}

/// The process's stdin, once: the data of an `INSERT`, or what else `reader` wants there.
pub(crate) fn take_stdin(io: &mut Io, reader: &str) -> Result<Input> {
    if io.input.name() == "stdin" && io::stdin().is_terminal() {
        return Err(Failure::usage(format!("{reader} wants data on stdin, which is a terminal"))
            .hint("put data in front: … | ch-query …, or ch-query … < FILE"));
    }
    Ok(std::mem::replace(&mut io.input, Input::new("stdin", io::empty())))
}
