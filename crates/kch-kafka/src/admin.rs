//! Admin requests: topics, their settings, groups, offsets.
//!
//! The constraint it keeps: a change is done when every broker shows it, and what librdkafka's safe interface cannot ask
//! is not pretended: see [`Admin::alter_configs`].

mod configs;
mod everywhere;
mod groups;
mod offsets;
mod topics;

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::ClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::KafkaError as RdError;
use rdkafka::metadata::Metadata;

pub use self::configs::{ConfigChange, ConfigValue, Resource};
pub use self::groups::{GroupInfo, Member};
pub use self::offsets::{At, Place};
pub use self::topics::{NewTopicSpec, PartitionInfo, TopicInfo};
use crate::error::classify;
use crate::watch::{LISTEN, Watch, creation_error};
use crate::{KafkaConfig, KafkaError};

const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);

/// How far a change goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The brokers say whether they would make it, and do not.
    Validate,
    /// They make it; it is done when every broker shows it, within this time.
    Make(Duration),
}

/// A broker that the cluster counts as alive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broker {
    /// Its number.
    pub id: i32,
    /// `host:port` that it tells clients.
    pub address: String,
}

/// The shared watch of the two clients behind [`Admin`].
#[derive(Clone, Debug, Default)]
struct Shared(Arc<Watch>);

impl ClientContext for Shared {
    fn log(&self, level: rdkafka::config::RDKafkaLogLevel, facility: &str, text: &str) {
        self.0.log(level, facility, text);
    }

    fn error(&self, error: RdError, reason: &str) {
        Watch::error(&self.0, &error, reason);
    }
}

impl ConsumerContext for Shared {}

/// Admin requests. Metadata comes through a consumer handle, since only its callbacks tell a wrong password from a
/// slow broker.
pub struct Admin {
    client: AdminClient<Shared>,
    metadata: BaseConsumer<Shared>,
    watch: Arc<Watch>,
    config: KafkaConfig,
    speakers: offsets::Speakers,
}

impl std::fmt::Debug for Admin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Admin").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Admin {
    /// Connects: a wrong address or password is told here.
    ///
    /// # Errors
    /// See [`KafkaError`].
    pub fn connect(mut config: KafkaConfig) -> Result<Admin, KafkaError> {
        config.default("allow.auto.create.topics", "false").default("group.id", "kch-no-group");
        let shared = Shared::default();
        let watch = Arc::clone(&shared.0);
        let metadata = config.client().create_with_context(shared.clone()).map_err(creation_error)?;
        let client = config.client().create_with_context(shared).map_err(creation_error)?;
        let admin = Admin { client, metadata, watch, config, speakers: offsets::Speakers::default() };
        admin.cluster()?;
        Ok(admin)
    }

    /// The brokers that are alive, in order of their numbers.
    ///
    /// # Errors
    /// When the cluster cannot be reached.
    pub fn brokers(&self) -> Result<Vec<Broker>, KafkaError> {
        let metadata = self.cluster()?;
        let broker = |b: &rdkafka::metadata::MetadataBroker| Broker {
            id: b.id(),
            address: format!("{}:{}", b.host(), b.port()),
        };
        let mut brokers: Vec<Broker> = metadata.brokers().iter().map(broker).collect();
        brokers.sort_by_key(|broker| broker.id);
        Ok(brokers)
    }

    fn cluster(&self) -> Result<Metadata, KafkaError> {
        let began = Instant::now();
        loop {
            let answer = self.metadata.fetch_metadata(None, Duration::from_millis(500));
            if let Ok(metadata) = answer {
                return Ok(metadata);
            }
            let _ = self.metadata.poll(LISTEN);
            self.watch.ensure_worth_waiting(&self.config, began)?;
        }
    }

    fn error(&self, what: &str, error: &RdError) -> KafkaError {
        match error.rdkafka_error_code() {
            Some(code) => classify(code, what, self.config.user()),
            None => KafkaError::Failed { what: what.to_owned(), reason: error.to_string() },
        }
    }
}

fn options() -> AdminOptions {
    AdminOptions::new().request_timeout(Some(REQUEST_TIMEOUT)).operation_timeout(Some(REQUEST_TIMEOUT))
}

/// Validating alone takes no `operation_timeout`: nothing is waited for.
fn options_for(change: Change) -> AdminOptions {
    match change {
        Change::Validate => AdminOptions::new().request_timeout(Some(REQUEST_TIMEOUT)).validate_only(true),
        Change::Make(_) => options(),
    }
}
