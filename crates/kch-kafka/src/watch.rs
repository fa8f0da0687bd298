//! Watches what librdkafka says about the connection, so that a wrong password or port is told at once and by name
//! instead of as a timeout.

use std::io::Write as _;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rdkafka::client::{Client, ClientContext};
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError as RdError;
use rdkafka::metadata::MetadataTopic;
use rdkafka::types::RDKafkaErrorCode as Code;

use crate::error::{classify, plain};
use crate::{KafkaConfig, KafkaError};

/// How long a tool waits for the first answer of a cluster.
pub(crate) const CONNECT_DEADLINE: Duration = Duration::from_secs(15);
/// How long callbacks are served between two questions to a cluster that does not answer: a poll that does not wait
/// serves one of librdkafka's events at most, and an error waits behind those that are not told.
pub(crate) const LISTEN: Duration = Duration::from_millis(20);
/// How long a topic may be unknown before it counts as missing.
const TOPIC_DEADLINE: Duration = Duration::from_secs(3);

/// The last connection trouble, kept from librdkafka's callbacks.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    trouble: Mutex<Option<(Code, String)>>,
    detail: Mutex<Option<String>>,
}

impl Watch {
    /// Notes an error callback. Authentication outranks the rest, which follow from it.
    pub(crate) fn error(&self, error: &RdError, reason: &str) {
        let Some(code) = error.rdkafka_error_code() else { return };
        let mut trouble = lock(&self.trouble);
        if !matches!(*trouble, Some((Code::Authentication, _))) {
            *trouble = Some((code, reason.to_owned()));
        }
        // What follows from a handshake that failed says less.
        let mut detail = lock(&self.detail);
        let is_tls = |reason: &str| reason.contains(NO_TLS);
        if code != Code::AllBrokersDown && !detail.as_deref().is_some_and(is_tls) {
            *detail = Some(reason.to_owned());
        }
    }

    /// The connection trouble seen so far, if it is one that waiting does not cure.
    pub(crate) fn fatal(&self, config: &KafkaConfig) -> Option<KafkaError> {
        let (code, reason) = lock(&self.trouble).clone()?;
        match code {
            Code::Authentication | Code::UnsupportedSASLMechanism => Some(KafkaError::Authentication {
                brokers: config.brokers().to_owned(),
                user: config.user().to_owned(),
                reason: shorten(&reason),
            }),
            Code::AllBrokersDown | Code::Resolve | Code::SSL => Some(self.unreachable(config)),
            _ => None,
        }
    }

    /// Between two questions to a cluster that has not answered yet: an error when a signal has come, when waiting does
    /// not help, or when it has lasted too long.
    pub(crate) fn ensure_worth_waiting(
        &self,
        config: &KafkaConfig,
        began: Instant,
    ) -> Result<(), KafkaError> {
        config.ensure_not_interrupted()?;
        if let Some(error) = self.fatal(config) {
            return Err(error);
        }
        if began.elapsed() > CONNECT_DEADLINE { Err(self.unreachable(config)) } else { Ok(()) }
    }

    /// "Cannot reach Kafka", with the best reason known.
    pub(crate) fn unreachable(&self, config: &KafkaConfig) -> KafkaError {
        let all_down = matches!(*lock(&self.trouble), Some((Code::AllBrokersDown, _)));
        let reason = match lock(&self.detail).as_deref() {
            Some(detail) => shorten(detail),
            // A connection that cannot be made has a reason of its own.
            None if all_down => format!("{CLOSED} (security protocol {})", config.security_protocol()),
            None => "no answer in time".to_owned(),
        };
        KafkaError::Unreachable { brokers: config.brokers().to_owned(), reason }
    }
}

/// librdkafka's log lines stay off stderr but for those that `-X debug=…` asks for; its error events are kept in the [`Watch`].
impl ClientContext for Watch {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        show_debug_line(level, facility, text);
    }

    fn error(&self, error: RdError, reason: &str) {
        Watch::error(self, &error, reason);
    }
}

/// Writes what only `-X debug=…` makes librdkafka say.
pub(crate) fn show_debug_line(level: RDKafkaLogLevel, facility: &str, text: &str) {
    if matches!(level, RDKafkaLogLevel::Debug) {
        // It comes from librdkafka's own threads; a stderr that cannot be written to is no reason to end.
        let _ = writeln!(std::io::stderr(), "librdkafka: {facility}: {text}");
    }
}

/// The value behind a mutex; a panic elsewhere does not make it unusable.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// What brokers do with a client that speaks another protocol than they.
pub(crate) const CLOSED: &str = "every connection was closed at once";
/// How librdkafka begins when TLS does not come about, and when a connection is closed with requests under way.
pub(crate) const NO_TLS: &str = "SSL handshake failed";
pub(crate) const DISCONNECTED: &str = "Disconnected";

/// In place of OpenSSL's words.
pub(crate) const UNVERIFIED: &str = "TLS: no known authority has signed its certificate for this name";

/// librdkafka's reason without its thread and timing notes: `sasl_plaintext://localhost:1/bootstrap: Connect to … failed: Connection refused (after 0ms in state CONNECT)`.
fn shorten(reason: &str) -> String {
    if reason.contains("certificate verify failed") {
        return UNVERIFIED.to_owned();
    }
    let reason = reason.split(" (after ").next().unwrap_or(reason);
    let reason = reason.split_once("/bootstrap: ").map_or(reason, |(_, rest)| rest);
    reason.trim_end_matches(['.', ' ']).to_owned()
}

/// The partitions of `topic`, once the cluster answers; the first thing each tool does, so connection errors show here.
///
/// `poll` serves the client's callbacks for a moment, so that `watch` hears of them.
///
/// # Errors
/// Unreachable, authentication, authorization, or a topic that is not there (with the nearest name).
pub(crate) fn ensure_topic<C: ClientContext>(
    client: &Client<C>,
    topic: &str,
    watch: &Watch,
    config: &KafkaConfig,
    mut poll: impl FnMut(),
) -> Result<Vec<i32>, KafkaError> {
    let began = Instant::now();
    loop {
        let answer = client.fetch_metadata(Some(topic), Duration::from_millis(300));
        if answer.is_err() {
            poll();
        }
        match answer.as_ref().map(|metadata| partitions_of(metadata.topics(), topic)) {
            Ok(Ok(partitions)) => return Ok(partitions),
            // A topic that was made a moment ago has no leader yet.
            Ok(Err(Code::LeaderNotAvailable)) | Err(_) => {}
            // Another broker may have made it: each hears of it after a moment.
            Ok(Err(Code::UnknownTopicOrPartition | Code::UnknownTopic))
                if began.elapsed() < TOPIC_DEADLINE =>
            {
                std::thread::sleep(Duration::from_millis(50));
            }
            Ok(Err(Code::UnknownTopicOrPartition | Code::UnknownTopic | Code::InvalidTopic)) => {
                return Err(topic_missing(client, topic, config));
            }
            Ok(Err(code)) => return Err(classify(code, &format!("topic {topic:?}"), config.user())),
        }
        watch.ensure_worth_waiting(config, began)?;
    }
}

fn partitions_of(topics: &[MetadataTopic], topic: &str) -> Result<Vec<i32>, Code> {
    let found = topics.iter().find(|t| t.name() == topic).ok_or(Code::UnknownTopicOrPartition)?;
    match found.error() {
        Some(error) => Err(error.into()),
        None if found.partitions().is_empty() => Err(Code::UnknownTopicOrPartition),
        None => Ok(found.partitions().iter().map(rdkafka::metadata::MetadataPartition::id).collect()),
    }
}

fn topic_missing<C: ClientContext>(client: &Client<C>, topic: &str, config: &KafkaConfig) -> KafkaError {
    let names: Vec<String> = client
        .fetch_metadata(None, Duration::from_secs(3))
        .map(|metadata| metadata.topics().iter().map(|t| t.name().to_owned()).collect())
        .unwrap_or_default();
    KafkaError::TopicMissing {
        topic: topic.to_owned(),
        brokers: config.brokers().to_owned(),
        nearest: kch_cli::nearest(topic, names.iter().map(String::as_str)).map(str::to_owned),
    }
}

/// Turns a failed client creation into the user's words: it is a property that librdkafka cannot use.
pub(crate) fn creation_error(error: RdError) -> KafkaError {
    match error {
        // Without the value: any may be a secret, also of a key that librdkafka does not know.
        RdError::ClientConfig(_, reason, key, _) => {
            KafkaError::Config(format!("kafka property {key}: {reason}"))
        }
        RdError::ClientCreation(reason) if reason.contains("enable.idempotence") => {
            KafkaError::Config(format!(
                "kafka client: {reason}: -X enable.idempotence=false goes with it, and records may then come twice"
            ))
        }
        RdError::ClientCreation(reason) => KafkaError::Config(format!("kafka client: {reason}")),
        other => match other.rdkafka_error_code() {
            Some(code) => KafkaError::Config(format!("kafka client: {}", plain(code))),
            None => KafkaError::Config(format!("kafka client: {other}")),
        },
    }
}
