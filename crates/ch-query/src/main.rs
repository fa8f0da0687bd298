//! `ch-query`: SQL in, rows out as JSON lines; rows in, for an `INSERT`.

fn main() -> std::process::ExitCode {
    // Answers --help and a shell's completions, exits 2 on bad usage, before any work.
    let args: ch_query::Args = kch_cli::parse(ch_query::COMPLETERS, ch_query::habit);
    kch_cli::run("ch-query", |io| {
        let settings = kch_cli::Settings::load(args.common.env_file.as_deref())?;
        ch_query::run(&args, settings, io)
    })
}
