//! `connect-ctl`: Kafka Connect from the shell.

fn main() -> std::process::ExitCode {
    // Answers --help and a shell's completions, exits 2 on bad usage, before any work.
    let args: connect_ctl::Args = kch_cli::parse(&[], connect_ctl::habit);
    kch_cli::run("connect-ctl", |io| connect_ctl::run(&args, io))
}
