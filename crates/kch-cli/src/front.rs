//! Reads the command line, and answers what has nothing to do with a tool's work: completions and man pages.

use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{ArgMatches, Command, Parser};

use crate::complete::Completer;
use crate::usage::Habit;
use crate::{ErrorFormat, Exit, Shell, complete, manual, usage};

/// The arguments of the process. Answers `--help`, a bad command line (exit 2), a shell that asks for completions,
/// `--completions` and `--man-pages`, and ends the process then, before any work.
///
/// `completers` complete values by their name: `("TOPIC", kch_kafka::complete::topics)`; `habit` knows what other tools
/// call a thing.
#[must_use]
pub fn parse<A: Parser>(completers: &[(&str, Completer)], habit: Habit) -> A {
    let mut command = A::command();
    if complete::answer(&command, completers, &mut io::stdout()) {
        end(Exit::Done);
    }
    let matches = command
        .try_get_matches_from_mut(std::env::args_os())
        .unwrap_or_else(|error| refuse(&error, &command, habit));
    if let Some(outcome) = generate(&A::command(), &matches) {
        end(outcome.map_or_else(|error| say(command.get_name(), &error), |()| Exit::Done));
    }
    A::from_arg_matches(&matches).unwrap_or_else(|error| {
        let error = error.format(&mut command);
        refuse(&error, &command, habit)
    })
}

/// Ends the process as clap does, with help on stdout or what is wrong on stderr, the latter in the words of the tools.
fn refuse(error: &clap::Error, command: &Command, habit: Habit) -> ! {
    let format = ErrorFormat::asked().unwrap_or_default();
    let is_help = error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if !error.use_stderr() || is_help && format == ErrorFormat::Text {
        error.exit();
    }
    let typed: Vec<String> =
        std::env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned()).collect();
    let tool = command.get_name();
    let told = match is_help {
        true => usage::told(tool, "nothing to do was given", Some(format!("{tool} --help")), format),
        false => usage::told(tool, &error.to_string(), usage::cure(error, command, &typed, habit), format),
    };
    // A stderr that cannot be written to must not change how it ends.
    let _ = io::stderr().write_all(told.as_bytes());
    end(Exit::Usage);
}

/// Does what the two flags of [`crate::CommonArgs`] ask for, if one does.
fn generate(command: &Command, matches: &ArgMatches) -> Option<io::Result<()>> {
    if let Ok(Some(&shell)) = matches.try_get_one::<Shell>("completions") {
        let mut stdout = io::stdout();
        return Some(
            complete::write_script(command.get_name(), shell, &mut stdout).and_then(|()| stdout.flush()),
        );
    }
    let directory = matches.try_get_one::<PathBuf>("man_pages").ok()??;
    Some(manual::write_pages(command.clone(), directory))
}

#[expect(clippy::print_stderr, reason = "the tool's own messages begin after its arguments are read")]
fn say(tool: &str, error: &io::Error) -> Exit {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Exit::Done;
    }
    eprintln!("{tool}: cannot write: {error}");
    Exit::Refused
}

#[expect(clippy::exit, reason = "as clap does for --help: nothing has begun yet that would have to be ended")]
fn end(exit: Exit) -> ! {
    std::process::exit(exit.code().into())
}
