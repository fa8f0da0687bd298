//! `avro-produce`: JSON lines on stdin become Avro records on a Kafka topic.

use avro_produce::Args;
use kch_kafka::complete::topics;
use kch_registry::complete::subjects;

fn main() -> std::process::ExitCode {
    // Answers --help and a shell's completions, exits 2 on bad usage, before any work.
    let args: Args = kch_cli::parse(&[("TOPIC", topics), ("SUBJECT", subjects)], avro_produce::habit);
    kch_cli::run("avro-produce", |io| avro_produce::run(&args, io))
}
