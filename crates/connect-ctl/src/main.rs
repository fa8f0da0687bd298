//! connect-ctl
fn main() {}
