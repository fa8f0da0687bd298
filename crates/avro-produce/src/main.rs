//! `avro-produce`: JSON lines on stdin become Avro records on a Kafka topic.

use avro_produce::Args;
use clap::Parser as _;

fn main() -> std::process::ExitCode {
    let args = Args::parse(); // answers --help, exits 2 on bad usage, before any work
    kch_cli::run("avro-produce", |io| avro_produce::run(&args, io))
}
