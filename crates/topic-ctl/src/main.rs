//! `topic-ctl`: Kafka topics from the shell.

use kch_kafka::complete::{brokers, groups, setting_pairs, settings, topics};
use topic_ctl::Args;

fn main() -> std::process::ExitCode {
    // Answers --help and a shell's completions, exits 2 on bad usage, before any work.
    let args: Args = kch_cli::parse(&[
        ("TOPIC", topics),
        ("GROUP", groups),
        ("BROKER", brokers),
        ("NAME", settings),
        ("NAME=VALUE", setting_pairs),
    ]);
    kch_cli::run("topic-ctl", |io| topic_ctl::run(args, io))
}
