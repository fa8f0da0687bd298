//! `topic-ctl`: Kafka topics from the shell.

use topic_ctl::Args;

fn main() -> std::process::ExitCode {
    let args: Args = kch_cli::parse(); // answers --help, exits 2 on bad usage, before any work
    kch_cli::run("topic-ctl", |io| topic_ctl::run(args, io))
}
