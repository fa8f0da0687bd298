//! `brokers`: those of the cluster, with what they carry.

use serde_json::{Value, json};

use crate::{Desk, PATIENCE};

#[test]
fn brokers_are_those_that_the_cluster_has_live() {
    let Some(desk) = Desk::new() else { return };
    let topic = desk.stack.create_topic("brokers", 6);
    let rows = desk.run(&["brokers"]).succeeds().json_lines();
    let metadata = desk.admin().inner().fetch_metadata(None, PATIENCE).unwrap();
    let mut has: Vec<(i32, String)> =
        metadata.brokers().iter().map(|b| (b.id(), format!("{}:{}", b.host(), b.port()))).collect();
    has.sort();
    let shown: Vec<Value> =
        rows.iter().map(|row| json!([row["broker"], row["state"], row["address"]])).collect();
    assert_eq!(shown, has.iter().map(|(id, address)| json!([id, "up", address])).collect::<Vec<_>>());
    // Six partitions with three replicas each, of this topic alone.
    let sum = |key: &str| rows.iter().map(|row| row[key].as_i64().unwrap()).sum::<i64>();
    assert!(sum("leads") >= 6 && sum("replicas") >= 18 && sum("preferred") >= 6, "{rows:?}");
    assert_eq!(desk.partitions(&topic), 6);
}
