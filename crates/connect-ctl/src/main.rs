//! `connect-ctl`: Kafka Connect from the shell.

fn main() -> std::process::ExitCode {
    let args: connect_ctl::Args = kch_cli::parse(); // answers --help, exits 2 on bad usage, before any work
    kch_cli::run("connect-ctl", |io| connect_ctl::run(&args, io))
}
