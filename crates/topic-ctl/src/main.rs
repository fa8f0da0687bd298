//! topic-ctl
fn main() {}
