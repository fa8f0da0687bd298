//! Sends records and counts every delivery report.
//!
//! Memory is bounded by librdkafka's queue: when it is full, [`Producer::send`] waits for acknowledgements. Every
//! record gets exactly one report, at the latest when its delivery timeout has passed.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError as RdError;
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{
    BaseProducer, BaseRecord, NoCustomPartitioner, Producer as _, ProducerContext, PurgeConfig,
};
use rdkafka::types::RDKafkaErrorCode as Code;

use crate::error::{classify, plain};
use crate::watch::{Watch, creation_error, ensure_topic};
use crate::{KafkaConfig, KafkaError};

/// How often the send loop serves delivery reports, in records: often enough to keep the queue moving, rarely enough
/// not to show in a profile.
const POLL_EVERY: u64 = 512;

/// A record that the cluster did not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The input line that it came from.
    pub line: u64,
    /// Why, in a few words.
    pub reason: String,
    /// Whether sending it again can succeed.
    pub transient: bool,
}

/// What became of the records that were sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deliveries {
    /// Handed to the producer.
    pub sent: u64,
    /// Acknowledged by the cluster.
    pub acknowledged: u64,
    /// Not acknowledged, in the order of their lines.
    pub rejections: Vec<Rejection>,
}

/// librdkafka's callbacks. The opaque of each record is its line number: no allocation for each record.
#[derive(Debug, Default)]
struct Reports {
    watch: Watch,
    acknowledged: AtomicU64,
    /// The same as `rejections` not being empty, without a lock for each line.
    rejected: AtomicBool,
    rejections: Mutex<Vec<(u64, Code)>>,
}

impl ClientContext for Reports {
    fn log(&self, _: RDKafkaLogLevel, _: &str, _: &str) {}

    fn error(&self, error: RdError, reason: &str) {
        self.watch.error(&error, reason);
    }
}

impl ProducerContext<NoCustomPartitioner> for Reports {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, line: usize) {
        match result {
            Ok(_) => {
                self.acknowledged.fetch_add(1, Ordering::Relaxed);
            }
            Err((error, _)) => {
                self.rejected.store(true, Ordering::Relaxed);
                self.rejections().push((line as u64, error.rdkafka_error_code().unwrap_or(Code::Unknown)));
            }
        }
    }
}

impl Reports {
    fn rejections(&self) -> std::sync::MutexGuard<'_, Vec<(u64, Code)>> {
        self.rejections.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// A producer to one topic: idempotent, acks=all, unless `-X` says otherwise.
pub struct Producer {
    inner: BaseProducer<Reports>,
    topic: String,
    config: KafkaConfig,
    delivery_timeout: Duration,
    sent: u64,
}

impl std::fmt::Debug for Producer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Producer")
            .field("topic", &self.topic)
            .field("sent", &self.sent)
            .finish_non_exhaustive()
    }
}

impl Producer {
    /// Connects and makes sure that the topic is there, so that a wrong address, password or topic is told before a
    /// line is read.
    ///
    /// # Errors
    /// See [`KafkaError`].
    pub fn connect(
        mut config: KafkaConfig,
        topic: &str,
        delivery_timeout: Duration,
    ) -> Result<Producer, KafkaError> {
        config
            .default("enable.idempotence", "true")
            .default("acks", "all")
            .default("linger.ms", "5")
            // Memory: at most 100,000 records and 64 MiB of them wait for an acknowledgement.
            .default("queue.buffering.max.messages", "100000")
            .default("queue.buffering.max.kbytes", "65536")
            // Keys land where Java's clients put them.
            .default("partitioner", "murmur2_random")
            .default("message.timeout.ms", &delivery_timeout.as_millis().to_string())
            .default("allow.auto.create.topics", "false");
        let inner: BaseProducer<Reports> =
            config.client().create_with_context(Reports::default()).map_err(creation_error)?;
        let reports = inner.context();
        ensure_topic(inner.client(), topic, &reports.watch, &config, || inner.poll(Duration::ZERO))?;
        Ok(Producer { topic: topic.to_owned(), config, delivery_timeout, sent: 0, inner })
    }

    /// Hands one record to the producer; waits while its queue is full. `line` is what reports will name.
    ///
    /// # Errors
    /// When the record can never be sent (too large), or the producer has failed for good.
    pub fn send(&mut self, line: u64, key: Option<&[u8]>, value: Option<&[u8]>) -> Result<(), KafkaError> {
        let mut record: BaseRecord<'_, [u8], [u8], usize> =
            BaseRecord::with_opaque_to(&self.topic, usize::try_from(line).unwrap_or(usize::MAX));
        record.key = key;
        record.payload = value;
        loop {
            match self.inner.send(record) {
                Ok(()) => break,
                Err((RdError::MessageProduction(Code::QueueFull), refused)) => {
                    record = refused;
                    self.inner.poll(Duration::from_millis(20));
                }
                Err((error, _)) => return Err(self.send_error(&error)),
            }
        }
        self.sent += 1;
        if self.sent.is_multiple_of(POLL_EVERY) {
            self.inner.poll(Duration::ZERO);
        }
        Ok(())
    }

    fn send_error(&self, error: &RdError) -> KafkaError {
        let what = format!("cannot send to topic {:?}", self.topic);
        if let Some((code, reason)) = self.inner.client().fatal_error() {
            return KafkaError::Failed { what, reason: format!("{}: {reason}", plain(code)) };
        }
        match error.rdkafka_error_code() {
            Some(code) => classify(code, &what, self.config.user()),
            None => KafkaError::Refused { what, reason: error.to_string() },
        }
    }

    /// Serves delivery reports without waiting. Called while the input is idle.
    pub fn poll(&self) {
        self.inner.poll(Duration::ZERO);
    }

    /// Whether a record was refused already: a reason to stop reading.
    pub fn has_rejections(&self) -> bool {
        self.inner.context().rejected.load(Ordering::Relaxed)
    }

    /// Waits until every record sent has its report. Those without one at the deadline are purged, and so reported as
    /// failed: the accounts always close.
    pub fn finish(self) -> Deliveries {
        let reports = self.inner.context();
        let deadline = Instant::now() + self.delivery_timeout + Duration::from_secs(5);
        while self.inner.in_flight_count() > 0 && Instant::now() < deadline {
            // Flushing, not only polling: it sends what linger.ms still holds back.
            let _ = self.inner.flush(Duration::from_millis(100));
        }
        if self.inner.in_flight_count() > 0 {
            self.inner.purge(PurgeConfig::default().queue().inflight());
            let _ = self.inner.flush(Duration::from_secs(1));
        }
        let mut rejections: Vec<Rejection> = reports
            .rejections()
            .iter()
            .map(|&(line, code)| Rejection {
                line,
                reason: plain(code),
                transient: crate::error::is_transient(code),
            })
            .collect();
        rejections.sort_by_key(|rejection| rejection.line);
        Deliveries { sent: self.sent, acknowledged: reports.acknowledged.load(Ordering::Relaxed), rejections }
    }
}
