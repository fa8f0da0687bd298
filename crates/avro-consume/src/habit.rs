//! What users of kcat, of Kafka's console tools and of other consumers type, and what it is here.

const RECORD: &str = "--envelope prints key, partition, offset, time and headers as JSON; jq makes text of them: \
    avro-consume -t T --envelope | jq -r '\"\\(.key) \\(.value)\"'";

/// What a word that avro-consume does not know means here.
#[must_use]
pub fn habit(word: &str, _before: &[&str]) -> Option<&'static str> {
    Some(match word {
        "-C" => "it always reads: leave -C out",
        "-P" => "avro-produce sends",
        "-L" => "topic-ctl list, topic-ctl describe TOPIC and topic-ctl brokers show what a cluster has",
        "-Q" => "topic-ctl offsets TOPIC --at @TIME asks for offsets by time",
        "-G" | "--consumer-group" => "a group is -g GROUP, and its topic -t TOPIC",
        "-K" | "-J" | "--print-key" | "--print-keys" | "--full-header" | "--print-offset" | "--output" => {
            RECORD
        }
        _ if word.contains('%') => RECORD,
        "-q" => "nothing but records and errors is printed where no terminal is; --no-progress for one",
        "-u" => "lines are written as they come: leave -u out",
        "-s" | "--value-format" => {
            "values are read by the schema ids in them, keys by --key-format: leave it out"
        }
        "-r" | "--schema-registry-endpoint" | "--schema-registry-url" => {
            "--registry URL, or SCHEMA_REGISTRY_URL"
        }
        "-D" => "each record is one line of JSON",
        "-d" => "-X debug=broker,topic,… is librdkafka's",
        "-F" | "--consumer.config" | "--command-config" => "--config FILE",
        "-Z" => "a tombstone is printed as null: leave -Z out",
        "--bootstrap-server" | "--bootstrap-servers" | "--bootstrap" | "--broker-list" => {
            "-b HOST:PORT,…, or BOOTSTRAP_SERVERS"
        }
        "-B" | "--from-beginning" => "it begins at the start, and a new group too: leave it out",
        "--property" | "--consumer-property" | "--formatter" => {
            "-X KEY=VALUE is a property of the client; --envelope prints more than the value"
        }
        "--timeout-ms" => "--timeout 5s",
        "--exit" => "it stops at the end by itself, and -f goes on",
        "--tail" => "--last N",
        "--group with --partition" => {
            "a group's members share its partitions: leave -g out to read one of them"
        }
        "--group with --offset" => {
            "a new group begins at the start; topic-ctl reset-offsets GROUP -t TOPIC --to PLACE moves one"
        }
        _ => return None,
    })
}
