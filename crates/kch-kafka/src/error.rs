//! What can go wrong with Kafka, in words that name the address, the user or the topic.

use std::time::Duration;

use kch_cli::{Exit, Explain};
use rdkafka::types::RDKafkaErrorCode as Code;

use crate::watch::{CLOSED, DISCONNECTED, NO_TLS, UNVERIFIED};

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KafkaError {
    /// No broker answered.
    #[error("cannot reach Kafka at {brokers}: {reason}")]
    Unreachable {
        /// The addresses tried.
        brokers: String,
        /// librdkafka's words.
        reason: String,
    },
    /// The brokers refused the user's name or password.
    #[error("Kafka at {brokers} rejected the credentials of user {user:?}: {reason}")]
    Authentication {
        /// The addresses tried.
        brokers: String,
        /// The user, never the password.
        user: String,
        /// librdkafka's words.
        reason: String,
    },
    /// The user may not do this.
    #[error("{what}: user {user:?} is not allowed to: {reason}")]
    Authorization {
        /// What was tried.
        what: String,
        /// The user.
        user: String,
        /// librdkafka's words.
        reason: String,
    },
    /// The topic is not there. Brokers of this stack do not make topics by themselves.
    #[error("topic {topic:?} does not exist at {brokers}")]
    TopicMissing {
        /// The topic asked for.
        topic: String,
        /// The addresses asked.
        brokers: String,
        /// A topic that exists and is spelled nearly so.
        nearest: Option<String>,
    },
    /// The consumer group is not there.
    #[error("group {group:?} does not exist at {brokers}")]
    GroupMissing {
        /// The group asked for.
        group: String,
        /// The addresses asked.
        brokers: String,
        /// A group that exists and is spelled nearly so.
        nearest: Option<String>,
    },
    /// A setting that topics or brokers do not have.
    #[error("{what}: there is no setting {setting:?}")]
    SettingUnknown {
        /// What was tried.
        what: String,
        /// The setting asked for.
        setting: String,
        /// A setting that is spelled nearly so.
        nearest: Option<String>,
    },
    /// A partition that the topics do not have.
    #[error("topic {topic:?} has no partition {partition}")]
    PartitionMissing {
        /// The topic; several, with commas between.
        topic: String,
        /// The partition asked for.
        partition: i32,
    },
    /// A setting that librdkafka does not know or cannot use.
    #[error("{0}")]
    Config(String),
    /// An offset outside of what a partition holds.
    #[error("topic {topic:?} partition {partition}: offset {offset} is past the end, {end}")]
    OffsetPastEnd {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// The offset asked for.
        offset: i64,
        /// The partition's end.
        end: i64,
    },
    /// A record that is larger than this client sends.
    #[error("cannot send to topic {topic:?}: message size too large: {bytes} bytes")]
    RecordTooLarge {
        /// The topic.
        topic: String,
        /// What its key and value take.
        bytes: usize,
    },
    /// The cluster has accepted a change, and a broker does not show it.
    #[error("{done}, but broker {broker} does not show it after {patience:?}")]
    NotEverywhere {
        /// What the cluster has accepted.
        done: String,
        /// The broker's address.
        broker: String,
        /// How long it was waited for.
        patience: Duration,
    },
    /// A signal came while the cluster had not answered yet.
    #[error("stopped by a signal before Kafka answered; nothing was sent or read")]
    Interrupted {
        /// The exit code of the signal.
        exit: Exit,
    },
    /// A signal came after a change was made, while brokers were asked for it.
    #[error("stopped by a signal: {done}, but not every broker may show it yet")]
    InterruptedAfter {
        /// What the cluster has accepted.
        done: String,
        /// The exit code of the signal.
        exit: Exit,
    },
    /// The request was understood and refused.
    #[error("{what}: {reason}")]
    Refused {
        /// What was tried.
        what: String,
        /// Why not.
        reason: String,
    },
    /// The request did not come to an end: try again.
    #[error("{what}: {reason}")]
    Failed {
        /// What was tried.
        what: String,
        /// Why not.
        reason: String,
    },
}

impl Explain for KafkaError {
    fn exit(&self) -> Exit {
        match self {
            KafkaError::Unreachable { .. } | KafkaError::Failed { .. } | KafkaError::NotEverywhere { .. } => {
                Exit::Unavailable
            }
            KafkaError::Authentication { .. } | KafkaError::Authorization { .. } | KafkaError::Config(_) => {
                Exit::Usage
            }
            KafkaError::Interrupted { exit } | KafkaError::InterruptedAfter { exit, .. } => *exit,
            // What was named and is not there is refused, as what is asked of something that is there.
            KafkaError::Refused { .. }
            | KafkaError::TopicMissing { .. }
            | KafkaError::GroupMissing { .. }
            | KafkaError::PartitionMissing { .. }
            | KafkaError::SettingUnknown { .. }
            | KafkaError::OffsetPastEnd { .. }
            | KafkaError::RecordTooLarge { .. } => Exit::Refused,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            KafkaError::Unreachable { reason, .. } if reason == UNVERIFIED => {
                Some("set KAFKA_SSL_CA to the PEM file of the authority that signed it".into())
            }
            KafkaError::Unreachable { reason, .. }
                if [CLOSED, NO_TLS, DISCONNECTED].iter().any(|begin| reason.starts_with(begin)) =>
            {
                Some("do the brokers speak another protocol? KAFKA_SECURITY_PROTOCOL is PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL".into())
            }
            KafkaError::Unreachable { .. } => {
                Some("is the stack up? scripts/native_status.sh or docker compose ps; BOOTSTRAP_SERVERS names the brokers".into())
            }
            KafkaError::Authentication { .. } => {
                Some("check KAFKA_CLIENT_SASL_USERNAME, KAFKA_CLIENT_SASL_PASSWORD and KAFKA_SASL_MECHANISM; --show-config says where they are from".into())
            }
            KafkaError::TopicMissing { nearest: Some(nearest), .. }
            | KafkaError::GroupMissing { nearest: Some(nearest), .. }
            | KafkaError::SettingUnknown { nearest: Some(nearest), .. } => {
                Some(format!("did you mean {nearest:?}?"))
            }
            KafkaError::TopicMissing { topic, .. } if topic.contains(',') => {
                Some("several topics are named one by one, not with commas between".into())
            }
            KafkaError::TopicMissing { topic, .. } => Some(format!("topic-ctl create {topic} makes it")),
            KafkaError::RecordTooLarge { topic, .. } => Some(format!(
                "-X message.max.bytes=BYTES lets it through here, topic-ctl alter {topic} -s max.message.bytes=BYTES there"
            )),
            KafkaError::NotEverywhere { .. } => {
                Some("a command that asks this broker may not see it yet; is the broker well?".into())
            }
            _ => None,
        }
    }
}

/// Sorts an error of librdkafka into ours; `what` says what was tried.
pub(crate) fn classify(code: Code, what: &str, user: &str) -> KafkaError {
    let (what, reason) = (what.to_owned(), plain(code));
    match code {
        Code::TopicAuthorizationFailed
        | Code::GroupAuthorizationFailed
        | Code::ClusterAuthorizationFailed
        | Code::TransactionalIdAuthorizationFailed => {
            KafkaError::Authorization { what, user: user.to_owned(), reason }
        }
        _ if is_transient(code) => KafkaError::Failed { what, reason },
        _ => KafkaError::Refused { what, reason },
    }
}

/// Whether trying the same thing later can succeed.
pub(crate) fn is_transient(code: Code) -> bool {
    matches!(
        code,
        Code::MessageTimedOut
            | Code::RequestTimedOut
            | Code::OperationTimedOut
            | Code::BrokerTransportFailure
            | Code::AllBrokersDown
            | Code::Resolve
            | Code::PurgeQueue
            | Code::PurgeInflight
            | Code::NotEnoughReplicas
            | Code::NotEnoughReplicasAfterAppend
            | Code::NotLeaderForPartition
            | Code::LeaderNotAvailable
            | Code::BrokerNotAvailable
            | Code::NetworkException
            | Code::CoordinatorNotAvailable
            | Code::CoordinatorLoadInProgress
            | Code::NotCoordinator
            | Code::WaitingForCoordinator
            | Code::UnknownBroker
            | Code::RebalanceInProgress
            | Code::Fail
    )
}

/// librdkafka's sentence for a code, without rust-rdkafka's frame and without a full stop.
pub(crate) fn plain(code: Code) -> String {
    let text = code.to_string();
    let inner = text.split_once(" (").map_or(text.as_str(), |(_, rest)| rest.trim_end_matches(')'));
    inner.trim_start_matches("Broker: ").trim_start_matches("Local: ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_read_as_plain_words() {
        assert_eq!(plain(Code::MessageSizeTooLarge), "message size too large");
        assert_eq!(plain(Code::MessageTimedOut), "message timed out");
    }

    #[test]
    fn a_list_with_commas_is_no_topic_to_make() {
        let missing = |topic: &str| KafkaError::TopicMissing {
            topic: topic.to_owned(),
            brokers: "b".to_owned(),
            nearest: None,
        };
        assert_eq!(missing("a").hint().as_deref(), Some("topic-ctl create a makes it"));
        assert!(missing("a,b").hint().is_some_and(|hint| hint.starts_with("several topics")));
        assert_eq!(missing("a").exit(), Exit::Refused);
    }

    #[test]
    fn a_lost_quorum_says_try_again_and_a_large_message_does_not() {
        assert_eq!(classify(Code::NotEnoughReplicas, "send", "u").exit(), Exit::Unavailable);
        assert_eq!(classify(Code::WaitingForCoordinator, "commit", "u").exit(), Exit::Unavailable);
        assert_eq!(classify(Code::MessageSizeTooLarge, "send", "u").exit(), Exit::Refused);
        assert_eq!(classify(Code::TopicAuthorizationFailed, "send", "u").exit(), Exit::Usage);
    }
}
