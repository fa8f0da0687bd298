//! Sends records and counts every delivery report.
//!
//! Memory is bounded by librdkafka's queue: when it is full, [`Producer::send`] waits for acknowledgements. Every
//! record is acknowledged or fails, at the latest when its delivery timeout has passed.

mod reports;
mod transaction;

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rdkafka::error::KafkaError as RdError;
use rdkafka::message::OwnedHeaders;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _, PurgeConfig};
use rdkafka::types::RDKafkaErrorCode as Code;

use self::reports::{DEAD_LETTER, Reports};
use self::transaction::Transaction;
use crate::error::{classify, plain};
use crate::watch::{LISTEN, creation_error, ensure_topic, lock};
use crate::{KafkaConfig, KafkaError};

/// How often the send loop serves delivery reports, in records: often enough to keep the queue moving, rarely enough
/// not to show in a profile.
const POLL_EVERY: u64 = 512;

/// How many batches of reports are then served.
const POLLED: usize = 8;

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
    /// Its time, milliseconds since 1970.
    pub timestamp: Option<i64>,
}

/// What became of the records that were sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deliveries {
    /// Handed to the producer, dead letters aside.
    pub sent: u64,
    /// Acknowledged by the cluster, dead letters aside. With transactions: committed.
    pub acknowledged: u64,
    /// Dead letters acknowledged.
    pub dead_letters: u64,
    /// Not acknowledged, in the order of their lines.
    pub rejections: Vec<Rejection>,
    /// The transaction that was not committed, if one was open at the end.
    pub rolled_back: Option<RolledBack>,
}

/// A transaction that was aborted: readers of committed records see none of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolledBack {
    /// The input line that it began with.
    pub first_line: u64,
    /// How many records it had, dead letters aside.
    pub records: u64,
    /// Whether it may have been committed after all: the coordinator was asked to and did not answer.
    pub in_doubt: bool,
}

/// How a producer sends.
#[derive(Clone, Debug)]
pub struct ProducerOptions {
    /// How long a record may take to be acknowledged.
    pub delivery_timeout: Duration,
    /// Whether acknowledged records are kept for [`Producer::take_receipts`].
    pub receipts: bool,
    /// Which partition a record with a key goes to.
    pub partitioner: Partitioner,
    /// Transactions, and how long one may take before the cluster aborts it.
    pub transaction_timeout: Option<Duration>,
}

/// Which partition a record with a key goes to. One without a key goes to any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Partitioner {
    /// Where Java's clients put it: murmur2 of the key.
    #[default]
    Murmur2,
    /// Where librdkafka's clients put it by default, kcat too: CRC32 of the key.
    Crc32,
    /// Where Sarama's clients put it, so those in Go: FNV-1a of the key.
    Fnv1a,
    /// Anywhere, whatever the key.
    Random,
}

impl Partitioner {
    /// librdkafka's name of it.
    fn property(self) -> &'static str {
        match self {
            Partitioner::Murmur2 => "murmur2_random",
            Partitioner::Crc32 => "consistent_random",
            Partitioner::Fnv1a => "fnv1a_random",
            Partitioner::Random => "random",
        }
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
    /// Records handed over, dead letters aside, and dead letters.
    sent: u64,
    letters: u64,
    /// With transactions: the one that is open, or the next one.
    transaction: Option<Transaction>,
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
    /// told before a line is read.
    ///
    /// # Errors
    /// See [`KafkaError`].
    pub fn connect(
        mut config: KafkaConfig,
        topic: Option<&str>,
        options: &ProducerOptions,
    ) -> Result<Producer, KafkaError> {
        let delivery_timeout = options.delivery_timeout;
        config
            .default("enable.idempotence", "true")
            .default("acks", "all")
            // Large batches, since each costs brokers and client the same: a million small records take 0.75 of the time
            // that they take with 5 ms and 10,000 records, and 0.8 of the CPU. A record may wait 100 ms for company; the
            // end of the input ends the wait. Nor less: while a partition's one request is under way, librdkafka's thread
            // asks without a pause whether it may send records that have waited longer than this (with 5 ms, 400,000
            // calls of poll a million records; with 100 ms, 400), and takes the CPU from brokers on the same machine.
            .default("linger.ms", "100")
            .default("batch.num.messages", "100000")
            // Memory: at most 100,000 records and 64 MiB of them wait for an acknowledgement.
            .default("queue.buffering.max.messages", "100000")
            .default("queue.buffering.max.kbytes", "65536")
            .default("partitioner", options.partitioner.property())
            .default("message.timeout.ms", &delivery_timeout.as_millis().to_string())
            .default("allow.auto.create.topics", "false");
        config.force("delivery.report.only.error", if options.receipts { "false" } else { "true" });
        if let Some(timeout) = options.transaction_timeout {
            transaction::configure(&mut config, timeout, delivery_timeout);
        }
        let reports = Reports { receipts: options.receipts.then(Mutex::default), ..Reports::default() };
        let inner: BaseProducer<Reports> =
            config.client().create_with_context(reports).map_err(creation_error)?;
        let mut producer = Producer {
            topic: topic.unwrap_or_default().to_owned(),
            config,
            delivery_timeout,
            topics: HashSet::new(),
            sent: 0,
            letters: 0,
            transaction: None,
            inner,
        };
        if let Some(topic) = topic {
            producer.ensure_topic(topic)?;
            // librdkafka asks for its producer id whenever metadata comes. Those of the topic came from a bootstrap
            // connection, which it gives up for the brokers they name: without a second answer, from one of these, it
            // would ask half a second later.
            let _ = producer.inner.client().fetch_metadata(Some(topic), Duration::from_millis(300));
        }
        if options.transaction_timeout.is_some() {
            producer.start_transactions()?;
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
            ensure_topic(inner.client(), topic, watch, &self.config, || inner.poll(LISTEN))?;
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
        self.begin_if_needed(line, outgoing.dead_letter)?;
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
                Err((RdError::MessageProduction(Code::MessageSizeTooLarge), refused)) => {
                    let bytes = refused.key.map_or(0, <[u8]>::len) + refused.payload.map_or(0, <[u8]>::len);
                    return Err(KafkaError::RecordTooLarge { topic: refused.topic.to_owned(), bytes });
                }
                Err((error, refused)) => return Err(self.send_error(refused.topic, &error)),
            }
        }
        self.sent += u64::from(mark == 0);
        self.letters += u64::from(mark != 0);
        if self.sent.is_multiple_of(POLL_EVERY) {
            self.poll();
        }
        Ok(())
    }

    /// The records acknowledged since the last call, if the producer keeps receipts. Those of an open transaction are
    /// kept back: they may never have been.
    pub fn take_receipts(&self) -> Vec<Receipt> {
        if self.has_open_transaction() {
            return Vec::new();
        }
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

    /// Serves delivery reports without waiting.
    pub fn poll(&self) {
        // Each call takes one batch of one partition.
        for _ in 0..POLLED {
            self.inner.poll(Duration::ZERO);
        }
    }

    /// Whether records have no report yet, or events wait for [`Producer::poll`].
    pub fn has_unfinished(&self) -> bool {
        self.inner.in_flight_count() > 0
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
    fn drain(&self) {
        // Flushing, not only polling: it sends what linger.ms still holds back. Its own word counts, since the number in
        // flight includes events that are no reports, such as a broker's hanging up. It is asked often: a poll takes all
        // of its time, whatever comes.
        let deadline = Instant::now() + self.delivery_timeout + Duration::from_secs(5);
        while self.inner.flush(Duration::ZERO).is_err() && Instant::now() < deadline {
            self.inner.poll(Duration::from_millis(2));
        }
        self.purge();
    }

    /// Gives up on the records that have no report yet; they get one that says so.
    fn purge(&self) {
        if self.inner.flush(Duration::ZERO).is_err() {
            self.inner.purge(PurgeConfig::default().queue().inflight());
            let _ = self.inner.flush(Duration::from_secs(1));
        }
    }

    /// Waits until every record sent has its report, and closes the accounts. A transaction that is still open is
    /// aborted: [`Producer::commit`] comes first.
    pub fn finish(&mut self) -> Deliveries {
        let rolled_back = if self.has_open_transaction() { self.abort() } else { None };
        self.drain();
        let reports = self.inner.context();
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
        let without = |count: u64, failed: &AtomicU64| count.saturating_sub(failed.load(Ordering::Relaxed));
        Deliveries {
            sent: self.sent,
            acknowledged: without(self.sent, &reports.failed),
            dead_letters: without(self.letters, &reports.failed_letters),
            rejections,
            rolled_back,
        }
    }
}
