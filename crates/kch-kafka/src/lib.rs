//! What the tools need of Kafka, on librdkafka: settings, a producer that counts every delivery report, a consumer that
//! knows where it stops, and admin requests.
//!
//! The constraint it keeps: every record handed to [`Producer`] is accounted for exactly once, as acknowledged or as
//! failed, on every way out.

mod admin;
pub mod complete;
mod config;
mod consumer;
mod error;
pub mod place;
mod producer;
mod watch;

pub use admin::{
    Admin, At, Broker, Change, ConfigChange, ConfigValue, GroupInfo, Member, NewTopicSpec, PartitionInfo,
    Place, Resource, TopicInfo,
};
pub use config::{KafkaArgs, KafkaConfig, VARS};
pub use consumer::murmur2::partition_of as partition_of_key;
pub use consumer::{Bound, Consumer, Merge, Next, Order, Range, Selection, Span};
pub use error::KafkaError;
pub use place::parse_bound;
pub use producer::{
    Deliveries, Outgoing, Partitioner, Producer, ProducerOptions, Receipt, Rejection, RolledBack,
};
pub use rdkafka::message::{BorrowedMessage, Header, Headers, Message, OwnedHeaders, Timestamp};
