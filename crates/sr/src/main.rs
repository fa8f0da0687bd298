//! sr
fn main() {}
