//! `--state FILE`: how far was read, without a group.
//!
//! The constraint it keeps: the file is always whole, and never says more than what was written out.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use kch_cli::{Failure, Result};

/// The next offset to read, by topic and partition. On disk: `{"topic":{"0":17}}`.
#[derive(Debug)]
pub(crate) struct State {
    path: PathBuf,
    next: BTreeMap<String, BTreeMap<i32, i64>>,
    changed: bool,
}

impl State {
    /// Reads the file; one that is not there yet knows nothing.
    pub(crate) fn read(path: &Path) -> Result<State> {
        let at = |what: &dyn std::fmt::Display| Failure::usage(format!("--state {}: {what}", path.display()));
        // A device may have no end.
        if std::fs::metadata(path).is_ok_and(|there| !there.is_file()) {
            return Err(at(&"not a file"));
        }
        let next = match std::fs::read(path) {
            Ok(text) => serde_json::from_slice(&text)
                .map_err(|error| at(&format!("not a file of this tool: {error}")))?,
            Err(error) if error.kind() == ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(at(&error)),
        };
        Ok(State { path: path.to_owned(), next, changed: false })
    }

    /// Where to go on.
    pub(crate) fn resume(&self) -> BTreeMap<(String, i32), i64> {
        let partitions = self.next.iter();
        partitions
            .flat_map(|(topic, next)| next.iter().map(|(id, offset)| ((topic.clone(), *id), *offset)))
            .collect()
    }

    /// How many offsets lie between where the last run stopped and `start`: the broker has deleted them meanwhile.
    pub(crate) fn gone_before(&self, topic: &str, partition: i32, start: i64) -> Option<i64> {
        let next = self.next.get(topic)?.get(&partition)?;
        Some(start.saturating_sub(*next)).filter(|gone| *gone > 0)
    }

    pub(crate) fn set(&mut self, topic: &str, partition: i32, next: i64) {
        match self.next.get_mut(topic) {
            Some(partitions) => partitions.insert(partition, next),
            None => self.next.entry(topic.to_owned()).or_default().insert(partition, next),
        };
        self.changed = true;
    }

    /// Replaces the file, if there is something new.
    pub(crate) fn save(&mut self) -> Result<()> {
        if !self.changed {
            return Ok(());
        }
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(".new");
        let fresh = self.path.with_file_name(name);
        let write = || -> std::io::Result<()> {
            let mut file = File::create(&fresh)?;
            let mut text = serde_json::to_vec(&self.next)?;
            text.push(b'\n');
            file.write_all(&text)?;
            file.sync_all()?;
            std::fs::rename(&fresh, &self.path)
        };
        write().map_err(|error| {
            Failure::usage(format!("--state {}: cannot write it: {error}", self.path.display()))
        })?;
        self.changed = false;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_that_were_deleted_since_the_last_run_are_counted() {
        let mut state = State::read(Path::new("no/such/file")).unwrap();
        state.set("t", 0, 5);
        assert_eq!(state.gone_before("t", 0, 9), Some(4));
        assert_eq!(state.gone_before("t", 0, 5), None);
        assert_eq!(state.gone_before("t", 1, 9), None);
        assert_eq!(state.gone_before("u", 0, 9), None);
    }
}
