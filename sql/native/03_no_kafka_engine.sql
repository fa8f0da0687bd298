-- Takes the Kafka engine's part away (SINK=connect); the tables with the rows stay. Re-runnable.
DROP VIEW IF EXISTS kafka_events_queue_mv;
DROP TABLE IF EXISTS kafka_events_queue;
DROP VIEW IF EXISTS kafka_events_mv;
DROP VIEW IF EXISTS kafka_events_errors_mv;
DROP TABLE IF EXISTS kafka_events_intake;
