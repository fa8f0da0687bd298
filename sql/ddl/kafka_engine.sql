-- Kafka to kafka_events with ClickHouse's own Kafka engine on the cluster (SINK=engine). Re-runnable.
--
--     kafka-events -> kafka_events_queue -> kafka_events_intake -> kafka_events         messages that are events
--                     (Kafka engine)        (keeps nothing)     -> kafka_events_errors  all others
--
-- Both nodes read, as one consumer group: with one partition, one node does the work and the other one takes over
-- when it goes. What is written to one node is copied to the other.
-- Delivery is at least once. The engine commits a batch's offsets to Kafka after its rows are written: when a node
-- ends between the two, the batch is read again and its rows are there twice. For exactly once, use
-- `avro-consume --envelope | ch-query insert`, or count with uniqExact(id).

-- The intake stores nothing. It is there because a Kafka table begins to read with its first view: two views on
-- the queue itself would miss what is read before the second one exists. Here the queue's view comes last.
CREATE TABLE IF NOT EXISTS kafka_events_intake ON CLUSTER clickhouse_cluster
(
    id Int64,
    source String,
    ts String,
    payload String,
    topic String,
    partition UInt64,
    offset UInt64,
    raw String,
    error String
)
ENGINE = Null;

CREATE MATERIALIZED VIEW IF NOT EXISTS kafka_events_mv ON CLUSTER clickhouse_cluster TO kafka_events AS
SELECT id, source, ts, payload
FROM kafka_events_intake
WHERE error = '';

CREATE MATERIALIZED VIEW IF NOT EXISTS kafka_events_errors_mv ON CLUSTER clickhouse_cluster TO kafka_events_errors AS
SELECT topic, partition, offset, raw, error
FROM kafka_events_intake
WHERE error != '';

-- The brokers and the credentials are in the servers' named collection kafka_cluster, configs/clickhouse/config.d.
CREATE TABLE IF NOT EXISTS kafka_events_queue ON CLUSTER clickhouse_cluster
(
    id Int64,
    source String,
    ts String,
    payload String
)
ENGINE = Kafka(kafka_cluster)
SETTINGS
    kafka_topic_list = 'kafka-events',
    kafka_group_name = 'clickhouse-kafka-events',
    kafka_format = 'AvroConfluent',
    format_avro_schema_registry_url = 'http://schema-registry:8081',
    -- A broken message becomes a row with its error, and the next message is read.
    kafka_handle_error_mode = 'stream',
    -- Rows are there half a second after their message; the defaults (7.5 s) are for throughput.
    kafka_flush_interval_ms = 500,
    kafka_poll_timeout_ms = 100,
    kafka_num_consumers = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS kafka_events_queue_mv ON CLUSTER clickhouse_cluster TO kafka_events_intake AS
SELECT
    id,
    source,
    ts,
    payload,
    _topic AS topic,
    _partition AS partition,
    _offset AS offset,
    _raw_message AS raw,
    _error AS error
FROM kafka_events_queue;
