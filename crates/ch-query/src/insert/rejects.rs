//! Lines that are not in the table: kept in a file or named on stderr, counted, and too many of them.

use kch_cli::{Failure, Messages, NAMED_REJECTS, RejectFile, RejectLimit, Result, raw_json};
use serde_json::{Map, Value, json};

use crate::args::InsertArgs;
use crate::exception::Exception;

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
        let raw = self.raw.map(|raw| raw_json(raw.trim_ascii_end()));
        fields.insert("raw".into(), raw.into());
        Value::Object(fields)
    }

    fn failure(&self) -> Failure {
        let told = |why: &dyn std::fmt::Display| {
            Failure::refused(format!("stdin:{}: {why}", self.number)).fact("line", self.number)
        };
        match self.why {
            Why::Ours(why) => told(&why),
            Why::Server(exception) => {
                told(exception).fact("code", exception.code).fact("name", exception.name.clone())
            }
        }
    }
}

/// What happens to refused lines, and how many there were.
#[derive(Debug)]
pub(super) struct Rejects {
    file: Option<RejectFile>,
    limit: Option<RejectLimit>,
    count: u64,
}

impl Rejects {
    pub(super) fn open(args: &InsertArgs) -> Result<Rejects> {
        let file = args.rejects.as_deref().map(RejectFile::open).transpose()?;
        Ok(Rejects { file, limit: args.max_errors, count: 0 })
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Keeps or names a line.
    pub(super) fn add(&mut self, reject: &Reject<'_>, messages: &mut Messages) -> Result<()> {
        self.count += 1;
        match &mut self.file {
            Some(file) => file.keep(reject.to_json()),
            None => {
                if self.count <= NAMED_REJECTS {
                    messages.failure(&reject.failure());
                } else if self.count == NAMED_REJECTS + 1 {
                    messages.say("more lines are refused; --rejects FILE keeps them all");
                }
                Ok(())
            }
        }
    }

    /// Puts what was kept on the disk.
    pub(super) fn flush(&mut self) -> Result<()> {
        self.file.as_mut().map_or(Ok(()), RejectFile::flush)
    }

    /// Whether there are too many, of `lines` lines read; `at_end` looks at a share however few there are.
    pub(super) fn too_many(&self, lines: u64, at_end: bool) -> Option<Failure> {
        self.limit?.exceeded(self.count, lines, at_end)
    }
}
