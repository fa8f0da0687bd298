//! avro-consume
