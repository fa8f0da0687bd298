//! `ch-query`: SQL in, rows out as JSON lines; rows in, for an `INSERT`.

use clap::Parser as _;

fn main() -> std::process::ExitCode {
    let args = ch_query::Args::parse();
    kch_cli::run("ch-query", |io| {
        let settings = kch_cli::Settings::load(args.common.env_file.as_deref())?;
        ch_query::run(&args, settings, io)
    })
}
