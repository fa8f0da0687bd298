//! What a group gives and takes, kept from librdkafka's callbacks until the consumer looks.

use std::sync::{Mutex, MutexGuard};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, ConsumerContext, Rebalance};
use rdkafka::error::KafkaError as RdError;

use crate::watch::{Watch, lock, show_debug_line};

/// Partitions that the group gave us (true) or took away.
pub(super) type Change = (bool, Vec<(String, i32)>);

/// The consumer's context. Without a group no change ever comes.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) watch: Watch,
    changes: Mutex<Vec<Change>>,
}

impl ClientContext for Group {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        show_debug_line(level, facility, text);
    }

    fn error(&self, error: RdError, reason: &str) {
        self.watch.error(&error, reason);
    }
}

impl ConsumerContext for Group {
    fn post_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let (given, list) = match rebalance {
            Rebalance::Assign(list) => (true, list),
            Rebalance::Revoke(list) => (false, list),
            Rebalance::Error(_) => return,
        };
        let places =
            list.elements().iter().map(|element| (element.topic().to_owned(), element.partition())).collect();
        self.changes().push((given, places));
    }
}

impl Group {
    pub(super) fn take(&self) -> Vec<Change> {
        std::mem::take(&mut *self.changes())
    }

    fn changes(&self) -> MutexGuard<'_, Vec<Change>> {
        lock(&self.changes)
    }
}
