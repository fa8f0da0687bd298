//! An in-process Kafka broker that fails on demand: librdkafka's own mock cluster.
//!
//! It keeps at most 5 MB a partition, and it knows neither SASL nor TLS: set `KAFKA_SECURITY_PROTOCOL=PLAINTEXT`.

use std::time::Duration;

use rdkafka::mocking::MockCluster;
pub use rdkafka::mocking::MockCoordinator;
use rdkafka::producer::DefaultProducerContext;
pub use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

use crate::Scene;

/// Brokers that live as long as this value.
pub struct Mock {
    cluster: MockCluster<'static, DefaultProducerContext>,
    brokers: i32,
}

impl std::fmt::Debug for Mock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Mock").field(&self.bootstrap()).finish()
    }
}

impl Mock {
    /// Starts `brokers` brokers; their ids are 1, 2, …
    ///
    /// # Panics
    /// When they cannot be made.
    #[must_use]
    pub fn start(brokers: i32) -> Mock {
        Mock { cluster: MockCluster::new(brokers).expect("a mock cluster"), brokers }
    }

    /// Value for `BOOTSTRAP_SERVERS`.
    #[must_use]
    pub fn bootstrap(&self) -> String {
        self.cluster.bootstrap_servers()
    }

    /// A scene whose Kafka is this one.
    #[must_use]
    pub fn scene(&self) -> Scene {
        Scene::new().env("BOOTSTRAP_SERVERS", self.bootstrap()).env("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT")
    }

    /// Creates a topic.
    ///
    /// # Panics
    /// When it is refused.
    pub fn create_topic(&self, name: &str, partitions: i32, replication_factor: i32) -> &Mock {
        self.cluster.create_topic(name, partitions, replication_factor).expect("the topic");
        self
    }

    /// The next requests of this kind fail, one with each of `errors`, in order.
    pub fn fail_requests(&self, api_key: RDKafkaApiKey, errors: &[RDKafkaRespErr]) -> &Mock {
        self.cluster.request_errors(api_key, errors);
        self
    }

    /// Takes back what [`Mock::fail_requests`] still holds.
    pub fn clear_failures(&self, api_key: RDKafkaApiKey) -> &Mock {
        self.cluster.clear_request_errors(api_key);
        self
    }

    /// The topic's metadata carries this error from now on.
    ///
    /// # Panics
    /// When the name is no topic name.
    pub fn fail_topic(&self, name: &str, error: RDKafkaRespErr) -> &Mock {
        self.cluster.topic_error(name, error).expect("a topic name");
        self
    }

    /// Every broker answers this much later.
    ///
    /// # Panics
    /// When the cluster refuses.
    pub fn round_trip_time(&self, delay: Duration) -> &Mock {
        for broker in 1..=self.brokers {
            self.cluster.broker_round_trip_time(broker, delay).expect("the delay");
        }
        self
    }

    /// Closes a broker's connections and takes no new ones.
    ///
    /// # Panics
    /// When there is no such broker.
    pub fn broker_down(&self, broker: i32) -> &Mock {
        self.cluster.broker_down(broker).expect("the broker goes down");
        self
    }

    /// Lets a broker take connections again.
    ///
    /// # Panics
    /// When there is no such broker.
    pub fn broker_up(&self, broker: i32) -> &Mock {
        self.cluster.broker_up(broker).expect("the broker comes up");
        self
    }

    /// The cluster itself, for what is not wrapped: leaders, watermarks, API versions.
    #[must_use]
    pub fn cluster(&self) -> &MockCluster<'static, DefaultProducerContext> {
        &self.cluster
    }
}
