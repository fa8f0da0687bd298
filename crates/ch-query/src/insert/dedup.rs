//! Whether a table drops a block that it has already, by its token: what makes it safe to send a batch twice.
//!
//! Replicated tables keep the tokens of their last `replicated_deduplication_window` blocks in the Keeper, other MergeTree
//! tables those of their last `non_replicated_deduplication_window` blocks, which is 0 unless the table was made with it.
//! Other engines keep none. <https://clickhouse.com/docs/guides/developer/deduplicating-inserts-on-retries>

use std::time::Duration;

use kch_cli::{Exit, Io, Result};

use crate::catalog::Table;
use crate::session::Session;

/// What a batch of unknown fate means for a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Dedup {
    /// It can be sent again.
    Drops,
    /// It cannot, because of this.
    Keeps { why: String, hint: String },
}

/// Fewer blocks than this may all be newer than a batch that is sent again: its parts, those of the batch beside it, and
/// one for each partition of the table that they touch.
const SMALLEST_WINDOW: u64 = 100;

const DEFAULTS: &str = "SELECT name, value FROM system.merge_tree_settings WHERE name IN \
     ('non_replicated_deduplication_window', 'replicated_deduplication_window')";

impl Dedup {
    pub(super) async fn of(
        name: &str,
        table: &Table,
        session: &mut Session,
        io: &mut Io,
    ) -> Result<std::result::Result<Dedup, Exit>> {
        if !table.engine.ends_with("MergeTree") {
            return Ok(Ok(no_engine(name, &table.engine)));
        }
        if let Some((setting, value)) = session.settings.iter().find(|pair| forgets(pair)) {
            return Ok(Ok(Dedup::Keeps {
                why: format!("with {setting} = {value} ClickHouse keeps no tokens"),
                hint: format!("leave out -s {setting}"),
            }));
        }
        // The table's own setting is known; the server's may not be for this user to read.
        let defaults = if own_window(table).is_some() {
            String::new()
        } else {
            match session.ask(DEFAULTS, "TabSeparatedRaw", Vec::new(), io).await {
                Ok(Ok(defaults)) => defaults,
                Ok(Err(exit)) => return Ok(Err(exit)),
                Err(failure) if failure.exit() == Exit::Unavailable => return Err(failure),
                Err(_) => "replicated_deduplication_window\t10000".to_owned(),
            }
        };
        Ok(Ok(from_settings(name, table, &defaults)))
    }
}

/// Settings of the user's that turn tokens off.
fn forgets((name, value): &(String, String)) -> bool {
    match name.as_str() {
        "async_insert" => value != "0" && value != "false",
        "insert_deduplicate" => value == "0" || value == "false",
        "deduplicate_insert" => value == "disable",
        _ => false,
    }
}

/// Whether the tokens of batches that were sent so long ago may be gone. Only replicated tables count time.
pub(super) fn may_have_forgotten(table: &Table, age: Option<Duration>) -> bool {
    is_replicated(table) && age.is_some_and(|age| age > Duration::from_secs(3600))
}

fn is_replicated(table: &Table) -> bool {
    ["Replicated", "Shared"].iter().any(|kind| table.engine.starts_with(kind))
}

/// Which setting counts for the table.
fn setting(table: &Table) -> &'static str {
    if is_replicated(table) {
        "replicated_deduplication_window"
    } else {
        "non_replicated_deduplication_window"
    }
}

fn own_window(table: &Table) -> Option<&str> {
    table.engine_full.split_once(&format!(" {} = ", setting(table))).map(|(_, value)| value)
}

fn no_engine(name: &str, engine: &str) -> Dedup {
    Dedup::Keeps {
        why: format!("{name} does not deduplicate: its engine is {engine}"),
        hint: "a MergeTree table with SETTINGS non_replicated_deduplication_window = 1000 does".to_owned(),
    }
}

fn from_settings(name: &str, table: &Table, defaults: &str) -> Dedup {
    let setting = setting(table);
    let own = own_window(table);
    let default = defaults.lines().find_map(|line| line.strip_prefix(setting)?.strip_prefix('\t'));
    let window = own
        .or(default)
        .and_then(|text| text.split(|c: char| !c.is_ascii_digit()).next()?.parse::<u64>().ok());
    match window.unwrap_or(0) {
        SMALLEST_WINDOW.. => Dedup::Drops,
        0 => Dedup::Keeps {
            why: format!("{name} does not deduplicate: its {setting} is 0"),
            hint: format!("ALTER TABLE {name} MODIFY SETTING {setting} = 1000"),
        },
        window => Dedup::Keeps {
            why: format!(
                "{name} remembers too little: its {setting} is {window}, less than {SMALLEST_WINDOW}"
            ),
            hint: format!("ALTER TABLE {name} MODIFY SETTING {setting} = 1000"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_turn_tokens_off_are_known() {
        let off = |name: &str, value: &str| forgets(&(name.to_owned(), value.to_owned()));
        assert!(off("async_insert", "1") && off("insert_deduplicate", "0"));
        assert!(!off("async_insert", "0") && !off("max_threads", "1"));
    }

    #[test]
    fn only_a_replicated_table_forgets_with_time() {
        let forgets = |engine: &str, seconds| {
            let table = Table { engine: engine.into(), ..Table::default() };
            may_have_forgotten(&table, Some(Duration::from_secs(seconds)))
        };
        assert!(forgets("ReplicatedMergeTree", 4000));
        assert!(!forgets("ReplicatedMergeTree", 3000) && !forgets("MergeTree", 1_000_000));
    }

    #[test]
    fn the_tables_own_window_counts_and_then_the_servers() {
        let drops = |engine: &str, full: &str| {
            let table = Table { engine: engine.into(), engine_full: full.into(), columns: Vec::new() };
            let defaults = "non_replicated_deduplication_window\t0\nreplicated_deduplication_window\t10000\n";
            from_settings("t", &table, defaults) == Dedup::Drops
        };
        assert!(!drops("MergeTree", "MergeTree ORDER BY id SETTINGS index_granularity = 8192"));
        assert!(drops(
            "MergeTree",
            "… SETTINGS non_replicated_deduplication_window = 100, index_granularity = 8192"
        ));
        assert!(drops("ReplicatedMergeTree", "ReplicatedMergeTree('/t', 'r') ORDER BY id"));
        assert!(!drops("ReplicatedMergeTree", "… SETTINGS replicated_deduplication_window = 0"));
    }
}
