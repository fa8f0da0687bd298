//! `sr`: the Schema Registry from the shell.

use clap::Parser as _;

fn main() -> std::process::ExitCode {
    let args = sr::Args::parse(); // answers --help, exits 2 on bad usage, before any work
    kch_cli::run("sr", |io| sr::run(&args, io))
}
