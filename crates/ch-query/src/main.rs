//! ch-query
fn main() {}
