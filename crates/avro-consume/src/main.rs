//! `avro-consume`: Avro records of a Kafka topic become JSON lines on stdout.

use avro_consume::Args;
use kch_kafka::complete::{groups, topics};
use kch_registry::complete::subjects;

fn main() -> std::process::ExitCode {
    // Answers --help and a shell's completions, exits 2 on bad usage, before any work.
    let args: Args =
        kch_cli::parse(&[("TOPIC", topics), ("GROUP", groups), ("SUBJECT", subjects)], avro_consume::habit);
    kch_cli::run("avro-consume", |io| avro_consume::run(&args, io))
}
