//! What users of kcat and of Kafka's own tools type, and what it is here.

/// What a word that topic-ctl does not know means here; `before` begins with the verb.
#[must_use]
pub fn habit(word: &str, before: &[&str]) -> Option<&'static str> {
    Some(match word {
        "-L" | "--list" | "ls" | "get" | "topics" => {
            "topic-ctl list, topic-ctl describe TOPIC, topic-ctl brokers, topic-ctl groups list"
        }
        "list" if before == ["brokers"] => "topic-ctl brokers lists them",
        "--describe" | "--create" | "--delete" | "--alter" => "a verb, without --: topic-ctl describe TOPIC",
        "--topic" | "-t" => "the topic stands alone: topic-ctl describe TOPIC",
        "--group" | "-g" => "the group stands alone: topic-ctl lag GROUP, topic-ctl groups describe GROUP",
        "consumer-groups" | "consumer-group" | "group" => "topic-ctl groups list, topic-ctl lag GROUP",
        "consume" | "tail" => "avro-consume -t TOPIC reads",
        "produce" => "avro-produce -t TOPIC sends",
        "cluster" | "broker" => "topic-ctl brokers",
        "config" | "configurations" => "topic-ctl configs TOPIC",
        "rm" | "remove" => "topic-ctl delete TOPIC",
        "add-partitions" => "topic-ctl alter TOPIC -p N",
        "--add-config" | "--topic-config" => "-s NAME=VALUE",
        "--delete-config" => "--unset NAME",
        "--to-earliest" => "--to start",
        "--to-latest" => "--to end",
        "--to-offset" => "--to N",
        "--to-datetime" | "--by-duration" => "--to @TIME, such as @2026-11-22T10:00:00Z or @-1h",
        "--execute" => "it is done at once; --dry-run only shows it",
        "--bootstrap-server" | "--bootstrap-servers" | "--broker-list" => {
            "-b HOST:PORT,…, or BOOTSTRAP_SERVERS"
        }
        "--command-config" => "--config FILE",
        "--under-replicated-partitions" | "--unavailable-partitions" => "topic-ctl check",
        "--members" => "topic-ctl groups describe GROUP",
        _ => return None,
    })
}
