//! avro-produce
