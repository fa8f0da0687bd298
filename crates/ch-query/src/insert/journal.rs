//! `--state FILE`: what is in, and what was on its way when the run ended.
//!
//! `FILE` has the next offset of each partition, below which everything is in: `{"topic":{"0":17}}`, the form that
//! `avro-consume --state` reads. `FILE.pending` has the table, and the batches that were sent and not yet answered: which
//! offsets, and under which token. `FILE.lock` keeps a second run away.
//!
//! The constraint it keeps: a batch is in `FILE.pending` before it is sent, and `FILE` says that it is in only after the
//! server has. So after a kill at any moment a batch is in one of three states, and all of them are known: in `FILE`,
//! perhaps in the table (it is sent again with its token), or never sent.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsStr;
use std::fs::{File, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use kch_cli::{Failure, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::lines::Partition;

/// By topic and partition.
type ByPartition<T> = BTreeMap<String, BTreeMap<i32, T>>;

/// A batch that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pending {
    pub(super) token: String,
    /// From, and the first offset behind it.
    pub(super) ranges: ByPartition<(i64, i64)>,
    /// Answered, while an earlier one was not.
    #[serde(skip)]
    done: bool,
}

/// The second file.
#[derive(Debug, Serialize, Deserialize)]
struct OnTheirWay<'a> {
    /// Which table all this is of: with another one, its rows would be missed in silence.
    table: Cow<'a, str>,
    batches: Cow<'a, VecDeque<Pending>>,
}

/// The two files.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    table: String,
    next: ByPartition<i64>,
    pending: VecDeque<Pending>,
    /// Held as long as the run lasts: two runs with one file would both insert what neither has noted.
    _lock: File,
}

impl Journal {
    /// Reads the files; where there are none, nothing is in.
    pub(super) fn open(path: &Path, table: &str) -> Result<Journal> {
        let lock = lock(path)?;
        let on_their_way: Option<OnTheirWay<'_>> = read(&beside(path, "pending"))?;
        if let Some(theirs) =
            on_their_way.as_ref().map(|found| &found.table).filter(|&theirs| theirs != table)
        {
            let why =
                format!("--state {}: it is the state of the table {theirs}, not of {table}", path.display());
            return Err(Failure::usage(why));
        }
        let mut journal = Journal {
            _lock: lock,
            next: read(path)?.unwrap_or_default(),
            pending: on_their_way.map(|found| found.batches.into_owned()).unwrap_or_default(),
            path: path.to_owned(),
            table: table.to_owned(),
        };
        // A batch whose end the other file knows was answered: only its line here had not been taken away yet.
        let next = journal.next.clone();
        journal.pending.retain(|pending| {
            let mut ranges = pending
                .ranges
                .iter()
                .flat_map(|(topic, ranges)| ranges.iter().map(move |range| (topic, range)));
            ranges.any(|(topic, (partition, range))| {
                next.get(topic).and_then(|next| next.get(partition)).is_none_or(|next| *next < range.1)
            })
        });
        journal.write()?;
        Ok(journal)
    }

    /// Where each partition goes on.
    pub(super) fn next(&self) -> BTreeMap<Partition, i64> {
        let topics = self.next.iter();
        topics
            .flat_map(|(topic, next)| next.iter().map(|(id, offset)| ((topic.clone(), *id), *offset)))
            .collect()
    }

    /// What was on its way, the oldest first.
    pub(super) fn pending(&self) -> impl Iterator<Item = &Pending> {
        self.pending.iter()
    }

    /// How long ago the files were written.
    pub(super) fn age(path: &Path) -> Option<Duration> {
        std::fs::metadata(beside(path, "pending")).ok()?.modified().ok()?.elapsed().ok()
    }

    /// Notes a batch that is about to be sent; one that is sent again is noted already.
    pub(super) fn begin(&mut self, token: &str, ranges: ByPartition<(i64, i64)>) -> Result<()> {
        if self.pending.iter().any(|pending| pending.token == token) {
            return Ok(());
        }
        self.pending.push_back(Pending { token: token.to_owned(), ranges, done: false });
        self.write()
    }

    /// Notes that a batch is in. Offsets go on in the order in which batches were sent.
    pub(super) fn finish(&mut self, token: &str) -> Result<()> {
        if let Some(pending) = self.pending.iter_mut().find(|pending| pending.token == token) {
            pending.done = true;
        }
        while let Some(done) = self.pending.pop_front_if(|first| first.done) {
            for (topic, ranges) in done.ranges {
                let next = self.next.entry(topic).or_default();
                for (partition, (_, end)) in ranges {
                    let offset = next.entry(partition).or_insert(end);
                    *offset = end.max(*offset);
                }
            }
        }
        self.write()
    }

    /// The offsets first: what both files know is in.
    fn write(&self) -> Result<()> {
        replace(&self.path, &self.next)?;
        let (table, batches) = (Cow::Borrowed(&*self.table), Cow::Borrowed(&self.pending));
        replace(&beside(&self.path, "pending"), &OnTheirWay { table, batches })
    }
}

fn beside(path: &Path, extension: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or(OsStr::new("state")).to_owned();
    name.push(".");
    name.push(extension);
    path.with_file_name(name)
}

fn lock(path: &Path) -> Result<File> {
    let path = beside(path, "lock");
    let at = |what: &dyn std::fmt::Display| Failure::usage(format!("--state: {}: {what}", path.display()));
    let file = File::create(&path).map_err(|error| at(&error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(at(&"another run has this state")),
        Err(TryLockError::Error(error)) => Err(at(&error)),
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    let at = |what: &dyn std::fmt::Display| Failure::usage(format!("--state: {}: {what}", path.display()));
    match std::fs::read(path) {
        Ok(text) => serde_json::from_slice(&text)
            .map(Some)
            .map_err(|error| at(&format!("not a file of this tool: {error}"))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(at(&error)),
    }
}

fn replace(path: &Path, content: &impl Serialize) -> Result<()> {
    let fresh = beside(path, "new");
    let write = || -> std::io::Result<()> {
        let mut file = File::create(&fresh)?;
        let mut text = serde_json::to_vec(content)?;
        text.push(b'\n');
        file.write_all(&text)?;
        file.sync_all()?;
        std::fs::rename(&fresh, path)
    };
    write().map_err(|error| Failure::usage(format!("--state: cannot write {}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(from: i64, to: i64) -> ByPartition<(i64, i64)> {
        [("t".to_owned(), [(0, (from, to))].into())].into()
    }

    fn next(journal: &Journal) -> Option<i64> {
        journal.next().get(&("t".to_owned(), 0)).copied()
    }

    #[test]
    fn offsets_go_on_in_order_and_a_killed_run_knows_what_was_on_its_way() {
        let dir = std::env::temp_dir().join(format!("kch-journal-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir(&dir).unwrap();
        let path = dir.join("at.json");
        let mut journal = Journal::open(&path, "db.t").unwrap();
        journal.begin("a", range(0, 10)).unwrap();
        journal.begin("b", range(10, 20)).unwrap();
        journal.finish("b").unwrap();
        assert_eq!(next(&journal), None, "the first one is not in");
        assert!(Journal::open(&path, "db.t").unwrap_err().text().contains("another run has this state"));
        let killed = std::fs::read_to_string(beside(&path, "pending")).unwrap();
        assert_eq!(
            killed,
            "{\"table\":\"db.t\",\"batches\":[{\"token\":\"a\",\"ranges\":{\"t\":{\"0\":[0,10]}}},\
             {\"token\":\"b\",\"ranges\":{\"t\":{\"0\":[10,20]}}}]}\n"
        );
        journal.finish("a").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\"t\":{\"0\":20}}\n");
        drop(journal);
        // Killed between the two files.
        std::fs::write(beside(&path, "pending"), killed).unwrap();
        let reopened = Journal::open(&path, "db.t").unwrap();
        assert_eq!((reopened.pending().count(), next(&reopened)), (0, Some(20)));
        drop(reopened);
        let other = Journal::open(&path, "db.u").unwrap_err();
        assert!(other.text().ends_with("it is the state of the table db.t, not of db.u"), "{}", other.text());
        std::fs::write(&path, "[]").unwrap();
        assert!(Journal::open(&path, "db.t").unwrap_err().text().contains("not a file of this tool"));
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
