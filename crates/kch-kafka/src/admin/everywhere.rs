//! Waits until every broker shows a change: each hears of it at its own time, and the next command may ask any of them.
//!
//! A client that knows all brokers mostly asks the same one. So each is asked by a client of its own that knows no other
//! address.

use std::time::{Duration, Instant};

use rdkafka::error::KafkaResult;
use rdkafka::metadata::Metadata;
use rdkafka::producer::{BaseProducer, Producer as _};

use super::{TopicInfo, topic_infos};
use crate::watch::creation_error;
use crate::{KafkaConfig, KafkaError};

/// How long one question may take.
const ANSWER: Duration = Duration::from_millis(500);
/// Between two questions to a broker that has not heard yet.
const PAUSE: Duration = Duration::from_millis(20);

/// The addresses of the brokers in `metadata`, `host:port`.
pub(super) fn addresses(metadata: &Metadata) -> Vec<String> {
    metadata.brokers().iter().map(|broker| format!("{}:{}", broker.host(), broker.port())).collect()
}

/// Asks each broker until `seen` holds for its topics.
///
/// `alive` gives the addresses of the brokers that the cluster counts as alive: one that is gone need not answer.
///
/// # Errors
/// [`KafkaError::NotEverywhere`] after `patience`, with `done`, what the cluster has accepted, and a signal.
pub(super) fn wait_for_every_broker(
    config: &KafkaConfig,
    done: &str,
    patience: Duration,
    alive: impl Fn() -> Result<Vec<String>, KafkaError>,
    seen: impl Fn(&[TopicInfo]) -> bool,
) -> Result<(), KafkaError> {
    let began = Instant::now();
    for broker in alive()? {
        let client = client_of(config, &broker)?;
        loop {
            match ask(&client) {
                Ok(topics) if seen(&topics) => break,
                Ok(_) => {}
                Err(_) if !alive()?.contains(&broker) => break,
                Err(_) => {}
            }
            config.ensure_not_interrupted()?;
            if began.elapsed() > patience {
                return Err(KafkaError::NotEverywhere { done: done.to_owned(), broker, patience });
            }
            std::thread::sleep(PAUSE);
        }
    }
    Ok(())
}

fn client_of(config: &KafkaConfig, broker: &str) -> Result<BaseProducer, KafkaError> {
    let mut client = config.client();
    client.set("bootstrap.servers", broker);
    client.create().map_err(creation_error)
}

fn ask(client: &BaseProducer) -> KafkaResult<Vec<TopicInfo>> {
    client.client().fetch_metadata(None, ANSWER).map(|metadata| topic_infos(&metadata))
}

#[cfg(test)]
mod tests {
    use kch_cli::{Exit, Explain as _, Settings};
    use rdkafka::mocking::MockCluster;
    use rdkafka::producer::DefaultProducerContext;

    use super::*;
    use crate::KafkaArgs;

    fn three_brokers() -> (MockCluster<'static, DefaultProducerContext>, KafkaConfig, Vec<String>) {
        let cluster = MockCluster::new(3).unwrap();
        let brokers = cluster.bootstrap_servers();
        let args = KafkaArgs {
            brokers: Some(brokers.clone()),
            properties: vec!["security.protocol=PLAINTEXT".into()],
            ..KafkaArgs::default()
        };
        let config = KafkaConfig::resolve(&args, &mut Settings::from_pairs([])).unwrap();
        (cluster, config, brokers.split(',').map(str::to_owned).collect())
    }

    fn has_orders(topics: &[TopicInfo]) -> bool {
        topics.iter().any(|topic| topic.name == "orders")
    }

    #[test]
    fn every_broker_is_asked_by_itself() {
        let (cluster, config, brokers) = three_brokers();
        cluster.create_topic("orders", 1, 1).unwrap();
        let asked = std::cell::Cell::new(0);
        let seen = |topics: &[TopicInfo]| {
            asked.set(asked.get() + 1);
            has_orders(topics)
        };
        let patience = Duration::from_secs(60);
        wait_for_every_broker(&config, "created", patience, || Ok(brokers.clone()), seen).unwrap();
        assert_eq!(asked.get(), 3);
    }

    #[test]
    fn a_broker_that_shows_nothing_is_named_and_one_that_is_gone_is_not_waited_for() {
        let (cluster, config, brokers) = three_brokers();
        cluster.create_topic("orders", 1, 1).unwrap();
        cluster.broker_down(2).unwrap();
        let (patience, done) = (Duration::from_millis(1), "topic \"orders\" is created");
        let all = || Ok(brokers.clone());
        let error = wait_for_every_broker(&config, done, patience, all, has_orders).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("topic \"orders\" is created, but broker {} does not show it after 1ms", brokers[1])
        );
        assert_eq!(error.exit(), Exit::Unavailable);

        let (first, two) = (std::cell::Cell::new(true), vec![brokers[0].clone(), brokers[2].clone()]);
        let without_it = || Ok(if first.replace(false) { brokers.clone() } else { two.clone() });
        wait_for_every_broker(&config, done, Duration::from_secs(60), without_it, has_orders).unwrap();
    }
}
