//! `sr`: the Schema Registry from the shell.

use kch_registry::complete::subjects;

fn main() -> std::process::ExitCode {
    // Answers --help and a shell's completions, exits 2 on bad usage, before any work.
    let args: sr::Args = kch_cli::parse(&[("SUBJECT", subjects)], sr::habit);
    kch_cli::run("sr", |io| sr::run(&args, io))
}
