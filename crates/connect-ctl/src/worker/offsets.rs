//! How far a connector has come (KIP-875): Connect 3.5 and later tell it, 3.6 and later let it be changed.

use kch_cli::{Failure, Result};
use kch_http::Reply;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Worker, is_missing, is_rebalance, since};

/// One of a connector's places and how far it has come there, as Connect has it: a sink's are partitions of topics, what
/// a source's are is its own affair.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) partition: Value,
    /// Null forgets it.
    pub(crate) offset: Value,
}

impl Place {
    /// A sink's.
    pub(crate) fn of_sink(topic: &str, partition: i32, offset: Option<i64>) -> Place {
        Place {
            partition: json!({"kafka_topic": topic, "kafka_partition": partition}),
            offset: offset.map_or(Value::Null, |offset| json!({"kafka_offset": offset})),
        }
    }

    /// Topic, partition and offset, if it is a sink's.
    pub(crate) fn in_topic(&self) -> Option<(&str, i32, Option<i64>)> {
        let topic = self.partition["kafka_topic"].as_str()?;
        let partition = i32::try_from(self.partition["kafka_partition"].as_i64()?).ok()?;
        match &self.offset {
            Value::Null => Some((topic, partition, None)),
            offset => Some((topic, partition, Some(offset["kafka_offset"].as_i64()?))),
        }
    }
}

#[derive(Deserialize)]
struct Offsets {
    offsets: Vec<Place>,
}

/// What a worker says while the consumers of a sink that was stopped have not left their group yet.
const NOT_STOPPED_YET: [&str; 2] = ["haven't stopped completely", "not empty"];

impl Worker {
    /// How far the connector has come.
    pub(crate) fn offsets(&self, name: &str) -> Result<Vec<Place>> {
        let reply = self.service.get(&["connectors", name, "offsets"]).send()?;
        let offsets: Offsets = self.json(self.known(name, reply, "3.5")?)?;
        Ok(offsets.offsets)
    }

    /// Sets offsets of a connector that is stopped. False: its tasks are still ending, try again.
    pub(crate) fn set_offsets(&self, name: &str, places: &[Place]) -> Result<bool> {
        let body = json!({"offsets": places});
        self.altered(name, self.service.patch(&["connectors", name, "offsets"]).json(&body).send()?)
    }

    /// Forgets all offsets of a connector that is stopped. False: its tasks are still ending, try again.
    pub(crate) fn reset_offsets(&self, name: &str) -> Result<bool> {
        self.altered(name, self.service.delete(&["connectors", name, "offsets"]).send()?)
    }

    fn altered(&self, name: &str, reply: Reply) -> Result<bool> {
        let reply = self.known(name, reply, "3.6")?;
        if NOT_STOPPED_YET.iter().any(|words| reply.detail().contains(words)) && !reply.is_success() {
            return Ok(false);
        }
        // What the connector's own class says of an offset comes as 500, as does a worker that has no time.
        let is_refusal =
            reply.status == 500 && !is_rebalance(&reply) && !reply.detail().contains("timed out");
        if reply.status == 400 || is_refusal {
            return Err(Failure::refused(format!("connector {name}: {}", reply.detail())));
        }
        self.accept(reply).map(|_| true)
    }

    /// The reply of a worker that has both the connector and the call.
    fn known(&self, name: &str, reply: Reply, version: &str) -> Result<Reply> {
        if is_missing(&reply) { Err(self.no_such_connector(name)) } else { since(version, reply) }
    }
}
