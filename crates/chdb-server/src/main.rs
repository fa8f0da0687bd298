//! `chdb-server`: the real ClickHouse server, run out of `libchdb.so`.
//!
//! Owns the process around the engine: arguments, the library, signals and the exit code. The engine itself
//! is ClickHouse's; the constraint kept here is that a stop lets it close its tables before the process ends.

mod args;
mod engine;
mod failure;
mod stop;

use std::process::ExitCode;

use args::{Args, Command};
use engine::Engine;
use failure::Failure;
use stop::Stop;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run() -> Result<(), Failure> {
    let args = match Command::parse(std::env::args_os().skip(1), std::env::var_os(args::LIBRARY_VARIABLE))? {
        Command::Help => return args::print_help(),
        Command::Version => return args::print_version(),
        Command::Serve(args) => args,
    };
    serve(&args)
}

/// Serves until SIGTERM or SIGINT; an engine that ends before that has failed.
fn serve(args: &Args) -> Result<(), Failure> {
    args.ensure_config_is_readable()?;
    let engine = Engine::load(&args.library)?;
    let stop = Stop::on_signals()?;
    let outcome = engine.serve(&args.config_file, &args.log_level, stop.file());
    if stop.was_requested() {
        return Ok(());
    }
    Err(Failure::refused(match outcome {
        Ok(()) => "the engine ended by itself".to_owned(),
        Err(reason) => format!("the engine stopped: {reason}"),
    }))
}
