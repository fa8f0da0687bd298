//! Consumer groups: who is in them, and deleting one.

use std::time::Instant;

use rdkafka::consumer::Consumer as _;
use rdkafka::groups::GroupInfo as RdGroup;

use super::{Admin, REQUEST_TIMEOUT, options};
use crate::KafkaError;
use crate::error::{classify, is_transient};

/// A consumer group as its coordinator shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupInfo {
    /// Its name.
    pub name: String,
    /// `Stable`, `PreparingRebalance`, `CompletingRebalance`, `Empty` (it has offsets and no members) or `Dead`.
    pub state: String,
    /// How its members share the partitions, as `range`; empty without members.
    pub protocol: String,
    /// `consumer`, or what another kind of member calls itself, as `connect`.
    pub protocol_type: String,
    /// Who is in it.
    pub members: Vec<Member>,
}

/// A member of a consumer group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The id that the coordinator gave it.
    pub id: String,
    /// The name that the client gives itself.
    pub client_id: String,
    /// Where it connects from.
    pub host: String,
    /// The partitions that it reads, by topic; empty for a member that is no consumer.
    pub partitions: Vec<(String, Vec<i32>)>,
}

impl Admin {
    /// All groups, in order of their names.
    ///
    /// # Errors
    /// When a broker does not answer.
    pub fn groups(&self) -> Result<Vec<GroupInfo>, KafkaError> {
        let mut groups = self.fetch_groups(None)?;
        groups.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(groups)
    }

    /// One group.
    ///
    /// # Errors
    /// [`KafkaError::GroupMissing`], with the nearest name.
    pub fn group(&self, name: &str) -> Result<GroupInfo, KafkaError> {
        let found = self.fetch_groups(Some(name))?.into_iter().find(|group| group.name == name);
        match found.filter(|group| group.state != "Dead") {
            Some(group) => Ok(group),
            None => Err(self.group_missing(name)),
        }
    }

    fn group_missing(&self, name: &str) -> KafkaError {
        let groups = self.fetch_groups(None).unwrap_or_default();
        KafkaError::GroupMissing {
            group: name.to_owned(),
            brokers: self.config.brokers().to_owned(),
            nearest: kch_cli::nearest(name, groups.iter().map(|g| g.name.as_str())).map(str::to_owned),
        }
    }

    /// Coordinators that move answer with an error for a moment.
    fn fetch_groups(&self, name: Option<&str>) -> Result<Vec<GroupInfo>, KafkaError> {
        let began = Instant::now();
        loop {
            let error = match self.metadata.fetch_group_list(name, REQUEST_TIMEOUT) {
                Ok(list) => return Ok(list.groups().iter().map(group_info).collect()),
                Err(error) => error,
            };
            self.config.ensure_not_interrupted()?;
            let transient = error.rdkafka_error_code().is_some_and(is_transient);
            if !transient || began.elapsed() > REQUEST_TIMEOUT {
                return Err(self.error("groups", &error));
            }
            std::thread::sleep(super::everywhere::PAUSE);
        }
    }

    /// Deletes a group with all its offsets.
    ///
    /// # Errors
    /// When it has members, or the brokers refuse.
    pub fn delete_group(&self, name: &str) -> Result<(), KafkaError> {
        let what = format!("cannot delete group {name:?}");
        let answers = pollster::block_on(self.client.delete_groups(&[name], &options()))
            .map_err(|error| self.error(&what, &error))?;
        match answers.into_iter().next() {
            Some(Err((_, code))) => Err(classify(code, &what, self.config.user())),
            _ => Ok(()),
        }
    }
}

fn group_info(group: &RdGroup) -> GroupInfo {
    let members = group.members().iter().map(|member| Member {
        id: member.id().to_owned(),
        client_id: member.client_id().to_owned(),
        host: member.client_host().trim_start_matches('/').to_owned(),
        partitions: match group.protocol_type() {
            "consumer" => member.assignment().and_then(assignment).unwrap_or_default(),
            _ => Vec::new(),
        },
    });
    GroupInfo {
        name: group.name().to_owned(),
        state: group.state().to_owned(),
        protocol: group.protocol().to_owned(),
        protocol_type: group.protocol_type().to_owned(),
        members: members.collect(),
    }
}

/// What a member was given, in the consumers' own protocol: version, then for each topic its name and partitions. The
/// bytes are the group leader's, so they may be anything.
fn assignment(bytes: &[u8]) -> Option<Vec<(String, Vec<i32>)>> {
    let mut reader = Reader(bytes);
    reader.number::<2>()?;
    let mut topics = Vec::new();
    for _ in 0..reader.number::<4>()? {
        let length = usize::try_from(reader.number::<2>()?).ok()?;
        let name = String::from_utf8(reader.take(length)?.to_vec()).ok()?;
        let mut partitions = Vec::new();
        for _ in 0..reader.number::<4>()? {
            partitions.push(reader.number::<4>()?);
        }
        partitions.sort_unstable();
        topics.push((name, partitions));
    }
    topics.sort();
    Some(topics)
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    /// A big-endian number of so many bytes.
    fn number<const BYTES: usize>(&mut self) -> Option<i32> {
        Some(self.take(BYTES)?.iter().fold(0, |number, byte| (number << 8) | i32::from(*byte)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assignment_is_read_and_garbage_is_none() {
        let bytes =
            b"\0\x01\0\0\0\x02\0\x01b\0\0\0\x02\0\0\0\x07\0\0\0\x01\0\x01a\0\0\0\x01\0\0\0\0\xff\xff\xff\xff";
        let topics = vec![("a".to_owned(), vec![0]), ("b".to_owned(), vec![1, 7])];
        assert_eq!(assignment(bytes), Some(topics));
        for garbage in [
            &b""[..],
            b"\0\0\x7f\xff\xff\xff",
            b"\0\0\0\0\0\x01\0\x05ab",
            b"\0\0\0\0\0\x01\0\x01\xff\0\0\0\0",
        ] {
            assert_eq!(assignment(garbage), None, "{garbage:?}");
        }
    }
}
