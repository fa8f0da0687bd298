//! avro-consume
fn main() {}
