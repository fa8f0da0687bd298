//! `sr`: the Schema Registry from the shell.

fn main() -> std::process::ExitCode {
    let args: sr::Args = kch_cli::parse(); // answers --help, exits 2 on bad usage, before any work
    kch_cli::run("sr", |io| sr::run(&args, io))
}
