//! What users of kcat, of Kafka's console tools and of other producers type, and what it is here.

/// What a word that avro-produce does not know means here.
#[must_use]
pub fn habit(word: &str, before: &[&str]) -> Option<&'static str> {
    Some(match word {
        "-P" => "it always sends: leave -P out",
        "-C" => "avro-consume reads",
        "-L" => "topic-ctl list and topic-ctl describe TOPIC show what a cluster has",
        "-K" | "-k" | "--key" | "--parse-key" => {
            "--key-field FIELD takes the key from the line; lines {\"key\":…,\"value\":…} go with --envelope"
        }
        "-Z" => "--tombstone makes each line a key's deletion, --tombstone-if FIELD those that say so",
        "-l" | "--file" => "records come on stdin: avro-produce -t TOPIC < FILE",
        "-T" => "--report prints where each record went",
        "-z" | "--compression-codec" | "--compression-type" | "--compression" => "-X compression.type=zstd",
        "-D" => "a record is a line: tr ';' '\\n' < FILE | avro-produce -t TOPIC",
        "-F" | "--producer.config" | "--command-config" => "--config FILE",
        "-d" => "-X debug=broker,topic,… is librdkafka's",
        "-s" | "--value-format" => {
            "values are Avro of the topic's subject, keys are as --key-format says: leave it out"
        }
        "-r" | "--schema-registry-endpoint" | "--schema-registry-url" => {
            "--registry URL, or SCHEMA_REGISTRY_URL"
        }
        "--value-schema" | "--avro-schema" => "--schema FILE; --register registers it",
        "--acks" | "--request-required-acks" => "-X acks=1 -X enable.idempotence=false",
        "--bootstrap-server" | "--bootstrap-servers" | "--bootstrap" | "--broker-list" => {
            "-b HOST:PORT,…, or BOOTSTRAP_SERVERS"
        }
        "--property" | "--producer-property" => "-X KEY=VALUE is a property of the client",
        _ if !word.starts_with('-')
            && (word.contains('/') || word.contains(".json") || word.contains(".csv")) =>
        {
            "records come on stdin: avro-produce -t TOPIC < FILE"
        }
        _ if !before.is_empty() && !word.starts_with('-') => {
            "records come on stdin: avro-produce -t TOPIC < FILE"
        }
        _ => return None,
    })
}
