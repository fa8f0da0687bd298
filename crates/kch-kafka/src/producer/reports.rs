//! What librdkafka's callbacks tell, counted.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError as RdError;
use rdkafka::message::{DeliveryResult, Message as _};
use rdkafka::producer::{NoCustomPartitioner, ProducerContext};
use rdkafka::types::RDKafkaErrorCode as Code;

use super::Receipt;
use crate::watch::{Watch, lock, show_debug_line};

/// Marks the opaque of a dead letter; the other bits are the line's number.
pub(super) const DEAD_LETTER: usize = 1 << (usize::BITS - 1);

/// librdkafka's callbacks. Unless receipts are wanted it reports failures only: what was sent and is not in flight and did
/// not fail is acknowledged, and a million reports that say nothing else cost a tenth of the run. The opaque of each record
/// is its line number: no allocation for each record.
#[derive(Debug, Default)]
pub(super) struct Reports {
    pub(super) watch: Watch,
    /// Records that were not acknowledged, dead letters aside.
    pub(super) failed: AtomicU64,
    /// Dead letters that were not.
    pub(super) failed_letters: AtomicU64,
    /// Receipts are kept only when somebody takes them.
    pub(super) receipts: Option<Mutex<Vec<Receipt>>>,
    /// The same as `rejections` not being empty, without a lock for each line.
    pub(super) rejected: AtomicBool,
    pub(super) rejections: Mutex<Vec<(u64, Code)>>,
}

impl ClientContext for Reports {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        show_debug_line(level, facility, text);
    }

    fn error(&self, error: RdError, reason: &str) {
        self.watch.error(&error, reason);
    }
}

impl ProducerContext<NoCustomPartitioner> for Reports {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, opaque: usize) {
        let line = (opaque & !DEAD_LETTER) as u64;
        match result {
            Ok(record) => {
                let Some(receipts) = self.receipts.as_ref().filter(|_| opaque & DEAD_LETTER == 0) else {
                    return;
                };
                let (topic, partition) = (record.topic().to_owned(), record.partition());
                let (offset, timestamp) = (record.offset(), record.timestamp().to_millis());
                lock(receipts).push(Receipt { line, topic, partition, offset, timestamp });
            }
            Err((error, _)) => {
                let failed = if opaque & DEAD_LETTER == 0 { &self.failed } else { &self.failed_letters };
                failed.fetch_add(1, Ordering::Relaxed);
                self.rejected.store(true, Ordering::Relaxed);
                self.rejections().push((line, error.rdkafka_error_code().unwrap_or(Code::Unknown)));
            }
        }
    }
}

impl Reports {
    pub(super) fn rejections(&self) -> std::sync::MutexGuard<'_, Vec<(u64, Code)>> {
        lock(&self.rejections)
    }
}
