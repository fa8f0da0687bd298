//! Sends records and counts every delivery report.
//!
//! Memory is bounded by librdkafka's queue: when it is full, [`Producer::send`] waits for acknowledgements. Every
//! record gets exactly one report, at the latest when its delivery timeout has passed.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError as RdError;
use rdkafka::message::{DeliveryResult, Message as _, OwnedHeaders};
use rdkafka::producer::{
    BaseProducer, BaseRecord, NoCustomPartitioner, Producer as _, ProducerContext, PurgeConfig,
};
use rdkafka::types::RDKafkaErrorCode as Code;

use crate::error::{classify, plain};
use crate::watch::{Watch, creation_error, ensure_topic, lock};
use crate::{KafkaConfig, KafkaError};

/// How often the send loop serves delivery reports, in records: often enough to keep the queue moving, rarely enough
/// not to show in a profile.
const POLL_EVERY: u64 = 512;

/// Marks the opaque of a dead letter; the other bits are the line's number.
const DEAD_LETTER: usize = 1 << (usize::BITS - 1);

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

/// A record to send. What is `None` is left to the producer or is not there.
#[derive(Debug, Default)]
pub struct Outgoing<'a> {
    /// Topic, instead of the producer's own.
    pub topic: Option<&'a str>,
    /// Key; a record without one goes to any partition.
    pub key: Option<&'a [u8]>,
    /// Value; `None` is a tombstone.
    pub value: Option<&'a [u8]>,
    /// Partition, instead of the partitioner's choice.
    pub partition: Option<i32>,
    /// Milliseconds since 1970, instead of the time of sending.
    pub timestamp: Option<i64>,
    /// Headers, in order; names may repeat.
    pub headers: Option<OwnedHeaders>,
    /// A copy of refused input on its way to a dead-letter topic: counted apart.
    pub dead_letter: bool,
}

/// An acknowledged record, and where it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The input line that it came from.
    pub line: u64,
    /// Its topic.
    pub topic: String,
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
}

/// What became of the records that were sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deliveries {
    /// Handed to the producer, dead letters aside.
    pub sent: u64,
    /// Acknowledged by the cluster, dead letters aside.
    pub acknowledged: u64,
    /// Dead letters acknowledged.
    pub dead_letters: u64,
    /// Not acknowledged, in the order of their lines.
    pub rejections: Vec<Rejection>,
}

/// librdkafka's callbacks. The opaque of each record is its line number: no allocation for each record.
#[derive(Debug, Default)]
struct Reports {
    watch: Watch,
    acknowledged: AtomicU64,
    dead_letters: AtomicU64,
    /// Receipts are kept only when somebody takes them.
    receipts: Option<Mutex<Vec<Receipt>>>,
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

    fn delivery(&self, result: &DeliveryResult<'_>, opaque: usize) {
        let line = (opaque & !DEAD_LETTER) as u64;
        match result {
            Ok(_) if opaque & DEAD_LETTER != 0 => {
                self.dead_letters.fetch_add(1, Ordering::Relaxed);
            }
            Ok(record) => {
                self.acknowledged.fetch_add(1, Ordering::Relaxed);
                if let Some(receipts) = &self.receipts {
                    let (topic, partition) = (record.topic().to_owned(), record.partition());
                    lock(receipts).push(Receipt { line, topic, partition, offset: record.offset() });
                }
            }
            Err((error, _)) => {
                self.rejected.store(true, Ordering::Relaxed);
                self.rejections().push((line, error.rdkafka_error_code().unwrap_or(Code::Unknown)));
            }
        }
    }
}

impl Reports {
    fn rejections(&self) -> std::sync::MutexGuard<'_, Vec<(u64, Code)>> {
        lock(&self.rejections)
    }
}

/// A producer to one topic: idempotent, acks=all, unless `-X` says otherwise.
pub struct Producer {
    inner: BaseProducer<Reports>,
    topic: String,
    config: KafkaConfig,
    delivery_timeout: Duration,
    /// Topics that are known to be there.
    topics: HashSet<String>,
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
    /// Connects and makes sure that `topic`, if one is given, is there, so that a wrong address, password or topic is
    /// told before a line is read. With `receipts`, acknowledged records are kept for [`Producer::take_receipts`].
    ///
    /// # Errors
    /// See [`KafkaError`].
    pub fn connect(
        mut config: KafkaConfig,
        topic: Option<&str>,
        delivery_timeout: Duration,
        receipts: bool,
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
        let reports = Reports { receipts: receipts.then(Mutex::default), ..Reports::default() };
        let inner: BaseProducer<Reports> =
            config.client().create_with_context(reports).map_err(creation_error)?;
        let own = topic.unwrap_or_default().to_owned();
        let mut producer =
            Producer { topic: own, config, delivery_timeout, topics: HashSet::new(), sent: 0, inner };
        if let Some(topic) = topic {
            producer.ensure_topic(topic)?;
        }
        Ok(producer)
    }

    /// Makes sure that a topic is there; asks once for each.
    ///
    /// # Errors
    /// As [`Producer::connect`].
    pub fn ensure_topic(&mut self, topic: &str) -> Result<(), KafkaError> {
        if !self.topics.contains(topic) {
            let (inner, watch) = (&self.inner, &self.inner.context().watch);
            ensure_topic(inner.client(), topic, watch, &self.config, || inner.poll(Duration::ZERO))?;
            self.topics.insert(topic.to_owned());
        }
        Ok(())
    }

    /// Hands one record to the producer; waits while its queue is full. `line` is what reports will name.
    ///
    /// # Errors
    /// When the record can never be sent (too large, no such topic), or the producer has failed for good.
    pub fn send(&mut self, line: u64, outgoing: Outgoing<'_>) -> Result<(), KafkaError> {
        if let Some(topic) = outgoing.topic {
            self.ensure_topic(topic)?;
        }
        let mark = if outgoing.dead_letter { DEAD_LETTER } else { 0 };
        let opaque = usize::try_from(line).unwrap_or(0) | mark;
        let mut record: BaseRecord<'_, [u8], [u8], usize> =
            BaseRecord::with_opaque_to(outgoing.topic.unwrap_or(&self.topic), opaque);
        record.key = outgoing.key;
        record.payload = outgoing.value;
        record.partition = outgoing.partition;
        record.timestamp = outgoing.timestamp;
        record.headers = outgoing.headers;
        loop {
            match self.inner.send(record) {
                Ok(()) => break,
                Err((RdError::MessageProduction(Code::QueueFull), refused)) => {
                    record = refused;
                    self.inner.poll(Duration::from_millis(20));
                }
                Err((error, refused)) => return Err(self.send_error(refused.topic, &error)),
            }
        }
        self.sent += u64::from(mark == 0);
        if self.sent.is_multiple_of(POLL_EVERY) {
            self.inner.poll(Duration::ZERO);
        }
        Ok(())
    }

    /// The records acknowledged since the last call, if the producer keeps receipts.
    pub fn take_receipts(&self) -> Vec<Receipt> {
        self.inner
            .context()
            .receipts
            .as_ref()
            .map(|receipts| std::mem::take(&mut *lock(receipts)))
            .unwrap_or_default()
    }

    fn send_error(&self, topic: &str, error: &RdError) -> KafkaError {
        let what = format!("cannot send to topic {topic:?}");
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

    /// Whether a record was refused that could be sent again: the cluster is in trouble, not the record.
    pub fn has_transient_rejections(&self) -> bool {
        let rejections = self.inner.context().rejections();
        self.has_rejections() && rejections.iter().any(|&(_, code)| crate::error::is_transient(code))
    }

    /// Waits until every record sent has its report. Those without one at the deadline are purged, and so reported as
    /// failed: the accounts always close.
    pub fn finish(&mut self) -> Deliveries {
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
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Deliveries {
            sent: self.sent,
            acknowledged: count(&reports.acknowledged),
            dead_letters: count(&reports.dead_letters),
            rejections,
        }
    }
}
