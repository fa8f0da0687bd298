-- Takes the Kafka engine's part away on the cluster (SINK=connect); the tables with the rows stay. Re-runnable.
DROP VIEW IF EXISTS kafka_events_queue_mv ON CLUSTER clickhouse_cluster SYNC;
DROP TABLE IF EXISTS kafka_events_queue ON CLUSTER clickhouse_cluster SYNC;
DROP VIEW IF EXISTS kafka_events_mv ON CLUSTER clickhouse_cluster SYNC;
DROP VIEW IF EXISTS kafka_events_errors_mv ON CLUSTER clickhouse_cluster SYNC;
DROP TABLE IF EXISTS kafka_events_intake ON CLUSTER clickhouse_cluster SYNC;
