//! `avro-consume`: Avro records of a Kafka topic become JSON lines on stdout.

use avro_consume::Args;

fn main() -> std::process::ExitCode {
    let args: Args = kch_cli::parse(); // answers --help, exits 2 on bad usage, before any work
    kch_cli::run("avro-consume", |io| avro_consume::run(&args, io))
}
