//! Waits until every broker shows a change: each hears of it at its own time, and the next command may ask any of them.
//!
//! A client that knows all brokers mostly asks the same one. So each is asked by a client of its own that knows no other
//! address.

use std::time::{Duration, Instant};

use rdkafka::error::KafkaResult;
use rdkafka::producer::{BaseProducer, Producer as _};

use super::Broker;
use super::topics::{TopicInfo, topic_infos};
use crate::watch::creation_error;
use crate::{KafkaConfig, KafkaError};

/// How long one question may take.
const ANSWER: Duration = Duration::from_millis(500);
/// Between two questions to a broker that has not heard yet.
pub(super) const PAUSE: Duration = Duration::from_millis(20);

/// Asks each broker, all at the same time, until `seen` holds for its topics.
///
/// `alive` gives the brokers that the cluster counts as alive: one that is gone need not answer.
///
/// # Errors
/// [`KafkaError::NotEverywhere`] after `patience`, with `done`, what the cluster has accepted, and a signal.
pub(super) fn wait_for_every_broker(
    config: &KafkaConfig,
    done: &str,
    patience: Duration,
    alive: impl Fn() -> Result<Vec<Broker>, KafkaError> + Sync,
    seen: impl Fn(&[TopicInfo]) -> bool + Sync,
) -> Result<(), KafkaError> {
    let began = Instant::now();
    let brokers = alive()?;
    let (alive, seen) = (&alive, &seen);
    let wait = |broker: Broker| {
        let client = client_of(config, &broker.address)?;
        loop {
            match ask(&client) {
                Ok(topics) if seen(&topics) => return Ok(()),
                Err(_) if !alive()?.contains(&broker) => return Ok(()),
                _ => {}
            }
            config.ensure_not_interrupted_after(done)?;
            if began.elapsed() > patience {
                let broker = broker.address;
                return Err(KafkaError::NotEverywhere { done: done.to_owned(), broker, patience });
            }
            std::thread::sleep(PAUSE);
        }
    };
    std::thread::scope(|scope| {
        let waits: Vec<_> = brokers.into_iter().map(|broker| scope.spawn(move || wait(broker))).collect();
        waits.into_iter().try_for_each(|wait| match wait.join() {
            Ok(outcome) => outcome,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })
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
    use std::sync::atomic::{AtomicUsize, Ordering};

    use kch_cli::{Exit, Explain as _, Settings};
    use rdkafka::mocking::MockCluster;
    use rdkafka::producer::DefaultProducerContext;

    use super::*;
    use crate::KafkaArgs;

    fn three_brokers() -> (MockCluster<'static, DefaultProducerContext>, KafkaConfig, Vec<Broker>) {
        let cluster = MockCluster::new(3).unwrap();
        let brokers = cluster.bootstrap_servers();
        let args = KafkaArgs {
            brokers: Some(brokers.clone()),
            properties: vec!["security.protocol=PLAINTEXT".into()],
            ..KafkaArgs::default()
        };
        let config = KafkaConfig::resolve(&args, &mut Settings::from_pairs([])).unwrap();
        let numbered = brokers.split(',').zip(1..);
        (cluster, config, numbered.map(|(b, id)| Broker { id, address: b.to_owned() }).collect())
    }

    fn has_orders(topics: &[TopicInfo]) -> bool {
        topics.iter().any(|topic| topic.name == "orders")
    }

    #[test]
    fn every_broker_is_asked_by_itself() {
        let (cluster, config, brokers) = three_brokers();
        cluster.create_topic("orders", 1, 1).unwrap();
        let asked = AtomicUsize::new(0);
        let seen = |topics: &[TopicInfo]| {
            asked.fetch_add(1, Ordering::Relaxed);
            has_orders(topics)
        };
        let patience = Duration::from_secs(60);
        wait_for_every_broker(&config, "created", patience, || Ok(brokers.clone()), seen).unwrap();
        assert_eq!(asked.into_inner(), 3);
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
            format!(
                "topic \"orders\" is created, but broker {} does not show it after 1ms",
                brokers[1].address
            )
        );
        assert_eq!(error.exit(), Exit::Unavailable);

        let (asked, two) = (AtomicUsize::new(0), vec![brokers[0].clone(), brokers[2].clone()]);
        let is_first = || asked.fetch_add(1, Ordering::Relaxed) == 0;
        let without_it = || Ok(if is_first() { brokers.clone() } else { two.clone() });
        wait_for_every_broker(&config, done, Duration::from_secs(60), without_it, has_orders).unwrap();
    }
}
