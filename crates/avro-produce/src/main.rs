//! avro-produce
fn main() {}
