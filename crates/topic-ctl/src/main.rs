//! `topic-ctl`: Kafka topics from the shell.

use kch_kafka::complete::{brokers, groups, setting_pairs, settings, topics};
use topic_ctl::Args;

fn main() -> std::process::ExitCode {
    // Answers --help and a shell's completions, exits 2 on bad usage, before any work.
    let completers = [
        ("TOPIC", topics as kch_cli::complete::Completer),
        ("GROUP", groups),
        ("BROKER", brokers),
        ("NAME", settings),
        ("NAME=VALUE", setting_pairs),
    ];
    let args: Args = kch_cli::parse(&completers, topic_ctl::habit);
    kch_cli::run("topic-ctl", |io| topic_ctl::run(args, io))
}
