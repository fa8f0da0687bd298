//! `avro-produce`: JSON lines on stdin become Avro records on a Kafka topic.

use avro_produce::Args;

fn main() -> std::process::ExitCode {
    let args: Args = kch_cli::parse(); // answers --help, exits 2 on bad usage, before any work
    kch_cli::run("avro-produce", |io| avro_produce::run(&args, io))
}
