-- Kafka to kafka_events with ClickHouse's own Kafka engine (SINK=engine). Re-runnable.
--
--     kafka-events -> kafka_events_queue -> kafka_events_intake -> kafka_events         messages that are events
--                     (Kafka engine)        (keeps nothing)     -> kafka_events_errors  all others
--
-- Delivery is at least once. The engine commits a batch's offsets to Kafka after its rows are written: when
-- ClickHouse ends between the two, the batch is read again and its rows are there twice. For exactly once, use
-- `avro-consume --envelope | ch-query insert`, or count with uniqExact(id).

-- The intake stores nothing. It is there because a Kafka table begins to read with its first view: two views on
-- the queue itself would miss what is read before the second one exists. Here the queue's view comes last.
CREATE TABLE IF NOT EXISTS kafka_events_intake
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

CREATE MATERIALIZED VIEW IF NOT EXISTS kafka_events_mv TO kafka_events AS
SELECT id, source, ts, payload
FROM kafka_events_intake
WHERE error = '';

CREATE MATERIALIZED VIEW IF NOT EXISTS kafka_events_errors_mv TO kafka_events_errors AS
SELECT topic, partition, offset, raw, error
FROM kafka_events_intake
WHERE error != '';

-- The brokers and the credentials are in the server's named collection kafka_native, made by native_up.sh.
CREATE TABLE IF NOT EXISTS kafka_events_queue
(
    id Int64,
    source String,
    ts String,
    payload String
)
ENGINE = Kafka(kafka_native)
SETTINGS
    kafka_topic_list = 'kafka-events',
    kafka_group_name = 'clickhouse-kafka-events',
    kafka_format = 'AvroConfluent',
    format_avro_schema_registry_url = 'http://localhost:8081',
    -- A broken message becomes a row with its error, and the next message is read.
    kafka_handle_error_mode = 'stream',
    -- Rows are there half a second after their message; the defaults (7.5 s) are for throughput.
    kafka_flush_interval_ms = 500,
    kafka_poll_timeout_ms = 100,
    kafka_num_consumers = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS kafka_events_queue_mv TO kafka_events_intake AS
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
