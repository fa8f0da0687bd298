-- The table of the events on the cluster, the same columns as the Avro record example.KafkaEvent. Re-runnable.
-- Made on both nodes, through either of them or the balancer; a row written to one is copied to the other.
-- To begin again: DROP TABLE kafka_events ON CLUSTER clickhouse_cluster SYNC
CREATE TABLE IF NOT EXISTS kafka_events ON CLUSTER clickhouse_cluster
(
    id Int64,
    source LowCardinality(String),
    -- As the record has it, RFC 3339 in UTC: a producer's bad clock or format is then data to look at, not a
    -- lost row. parseDateTime64BestEffort(ts) makes a time of it.
    ts String,
    payload String
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/kafka_events', '{replica}')
ORDER BY id
-- Connect and avro-consume retry a batch with its own deduplication token: the same batch twice is one batch.
SETTINGS replicated_deduplication_window = 1000;

-- Messages that are no event: not Avro, or Avro with a schema that does not fit. Nothing is dropped in silence.
CREATE TABLE IF NOT EXISTS kafka_events_errors ON CLUSTER clickhouse_cluster
(
    seen_at DateTime64(3, 'UTC') DEFAULT now64(3),
    topic LowCardinality(String),
    partition UInt64,
    offset UInt64,
    -- The message's bytes as they were: hex(raw) or base64Encode(raw) shows them.
    raw String,
    error String
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/kafka_events_errors', '{replica}')
ORDER BY (topic, partition, offset);
