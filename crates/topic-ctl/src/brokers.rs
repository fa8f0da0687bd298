//! `brokers`: who is there, and who carries what.

use std::collections::BTreeMap;

use kch_cli::{Io, Result};
use kch_kafka::{Broker, KafkaError, Resource, TopicInfo};
use serde_json::{Value, json};

use crate::Job;

pub(crate) fn list(job: &Job, io: &mut Io) -> Result<Vec<Value>> {
    let (topics, brokers) = (job.admin.topics()?, job.admin.brokers()?);
    let racks = racks(job, &brokers).unwrap_or_else(|error| {
        io.messages.say(&format!("warning: racks are not shown: {error}"));
        BTreeMap::new()
    });
    Ok(rows(&topics, &brokers, &racks))
}

/// The racks of those brokers that have one.
fn racks(job: &Job, brokers: &[Broker]) -> std::result::Result<BTreeMap<i32, String>, KafkaError> {
    let mut racks = BTreeMap::new();
    for broker in brokers {
        let settings = job.admin.configs(&Resource::Broker(broker.id))?;
        let rack = settings.into_iter().find(|setting| setting.name == "broker.rack");
        racks.extend(rack.and_then(|rack| rack.value).map(|rack| (broker.id, rack)));
    }
    Ok(racks)
}

/// What a broker carries.
#[derive(Clone, Copy, Debug, Default)]
struct Load {
    leads: usize,
    /// Those it is the first replica of, and leads when all is well.
    preferred: usize,
    replicas: usize,
    out_of_sync: usize,
}

/// A row for each broker that is alive, and for each that is not and has replicas.
fn rows(topics: &[TopicInfo], brokers: &[Broker], racks: &BTreeMap<i32, String>) -> Vec<Value> {
    let mut loads: BTreeMap<i32, Load> = brokers.iter().map(|broker| (broker.id, Load::default())).collect();
    for partition in topics.iter().flat_map(|topic| &topic.partitions) {
        for (place, &id) in partition.replicas.iter().enumerate() {
            let load = loads.entry(id).or_default();
            load.replicas += 1;
            load.leads += usize::from(partition.leader == id);
            load.preferred += usize::from(place == 0);
            load.out_of_sync += usize::from(!partition.in_sync.contains(&id));
        }
    }
    let row = |(id, load): (i32, Load)| {
        let address = brokers.iter().find(|broker| broker.id == id).map(|broker| &broker.address);
        json!({
            "broker": id, "state": if address.is_some() { "up" } else { "down" }, "address": address,
            "rack": racks.get(&id), "leads": load.leads, "preferred": load.preferred, "replicas": load.replicas,
            "out_of_sync": load.out_of_sync,
        })
    };
    loads.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use kch_kafka::PartitionInfo;

    use super::*;

    #[test]
    fn a_broker_that_is_down_is_known_by_its_replicas() {
        let partition = |id, leader, replicas: &[i32], in_sync: &[i32]| PartitionInfo {
            id,
            leader,
            replicas: replicas.to_vec(),
            in_sync: in_sync.to_vec(),
        };
        let partitions = vec![partition(0, 2, &[1, 2], &[2]), partition(1, 2, &[2, 1], &[2])];
        let topics = [TopicInfo { name: "t".to_owned(), partitions }];
        let brokers = [2, 3].map(|id| Broker { id, address: format!("b{id}:9092") });
        let row = |id: i32, address: Option<&str>, rack: Option<&str>, counts: [usize; 4]| {
            json!({"broker": id, "state": if address.is_some() { "up" } else { "down" }, "address": address, "rack": rack,
                "leads": counts[0], "preferred": counts[1], "replicas": counts[2], "out_of_sync": counts[3]})
        };
        assert_eq!(
            rows(&topics, &brokers, &BTreeMap::from([(3, "eu".to_owned())])),
            [
                row(1, None, None, [0, 1, 2, 2]),
                row(2, Some("b2:9092"), None, [2, 1, 2, 0]),
                row(3, Some("b3:9092"), Some("eu"), [0; 4]),
            ]
        );
    }
}
