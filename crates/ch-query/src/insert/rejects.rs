//! Lines that are not in the table: kept in a file or named on stderr, counted, and too many of them.

use std::fs::File;
use std::io::{BufWriter, Write as _};

use kch_cli::{Failure, Messages, Result};
use serde_json::{Map, Value, json};

use crate::args::{InsertArgs, Limit};
use crate::exception::Exception;

/// How many are named one by one on stderr when none is kept in a file.
const NAMED: u64 = 20;
/// A share is not looked at before this many lines.
const ENOUGH_FOR_A_SHARE: u64 = 100;

/// One refused line.
#[derive(Debug)]
pub(super) struct Reject<'a> {
    pub(super) number: u64,
    pub(super) at: u64,
    pub(super) why: Why<'a>,
    /// Missing when it was too long to keep.
    pub(super) raw: Option<&'a [u8]>,
    /// Topic, partition and offset of a record.
    pub(super) record: Option<(&'a str, i32, i64)>,
}

/// Who refused it.
#[derive(Debug)]
pub(super) enum Why<'a> {
    /// We did, before it was sent.
    Ours(&'a str),
    Server(&'a Exception),
}

impl Reject<'_> {
    fn to_json(&self) -> Value {
        let mut fields = Map::new();
        fields.insert("line".into(), self.number.into());
        fields.insert("offset".into(), self.at.into());
        if let Some((topic, partition, offset)) = self.record {
            fields.insert("record".into(), json!({"topic": topic, "partition": partition, "offset": offset}));
        }
        match self.why {
            Why::Ours(why) => fields.insert("error".into(), why.into()),
            Why::Server(exception) => {
                fields.insert("code".into(), exception.code.into());
                fields.insert("name".into(), exception.name.clone().into());
                fields.insert("error".into(), exception.message.clone().into())
            }
        };
        let raw = self.raw.map(|raw| String::from_utf8_lossy(raw.trim_ascii_end()));
        fields.insert("raw".into(), raw.into());
        Value::Object(fields)
    }

    fn text(&self) -> String {
        match self.why {
            Why::Ours(why) => why.to_owned(),
            Why::Server(exception) => exception.to_string(),
        }
    }
}

/// What happens to refused lines, and how many there were.
#[derive(Debug)]
pub(super) struct Rejects {
    file: Option<(String, BufWriter<File>)>,
    limit: Option<Limit>,
    count: u64,
}

impl Rejects {
    pub(super) fn open(args: &InsertArgs) -> Result<Rejects> {
        let open = |path: &std::path::PathBuf| -> Result<_> {
            let name = path.display().to_string();
            let file = File::options().create(true).append(true).open(path);
            let file = file.map_err(|error| Failure::usage(format!("cannot write to {name}: {error}")))?;
            Ok((name, BufWriter::new(file)))
        };
        let file = args.rejects.as_ref().map(open).transpose()?;
        Ok(Rejects { file, limit: args.max_errors, count: 0 })
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Keeps or names a line.
    pub(super) fn add(&mut self, reject: &Reject<'_>, messages: &mut Messages) -> Result<()> {
        self.count += 1;
        match &mut self.file {
            Some((name, file)) => writeln!(file, "{}", reject.to_json()).map_err(|error| lost(name, &error)),
            None => {
                if self.count <= NAMED {
                    messages.say(&format!("stdin:{}: {}", reject.number, reject.text()));
                } else if self.count == NAMED + 1 {
                    messages.say("more lines are refused; --rejects FILE keeps them all");
                }
                Ok(())
            }
        }
    }

    /// Puts what was kept on the disk.
    pub(super) fn flush(&mut self) -> Result<()> {
        match &mut self.file {
            Some((name, file)) => file.flush().map_err(|error| lost(name, &error)),
            None => Ok(()),
        }
    }

    /// Whether there are too many, of `lines` lines read; `at_end` looks at a share however few there are.
    pub(super) fn too_many(&self, lines: u64, at_end: bool) -> Option<Failure> {
        let over = match self.limit? {
            Limit::Count(limit) => self.count > limit,
            Limit::Percent(share) if at_end || lines >= ENOUGH_FOR_A_SHARE => {
                #[expect(clippy::cast_precision_loss, reason = "a share needs no 53 bits")]
                let percent = self.count as f64 * 100.0 / lines.max(1) as f64;
                percent > share
            }
            Limit::Percent(_) => false,
        };
        over.then(|| {
            Failure::refused(format!("{} of {lines} lines were refused, more than --max-errors", self.count))
        })
    }
}

/// A lost reject would be a lost row.
fn lost(name: &str, error: &std::io::Error) -> Failure {
    Failure::refused(format!("cannot write to {name}: {error}"))
}
