//! Completions: what may stand at the cursor of a shell's command line.
//!
//! Each shell gets a small script (`TOOL --completions SHELL`) that asks the tool itself (`TOOL --complete …`), so that
//! flags come from the tool's own definition and names from the running services. The constraint it keeps: a person is
//! typing, so nothing is waited for longer than a moment, and what goes wrong is silence.

mod line;
mod live;
mod script;

use std::ffi::OsString;
use std::io::Write;

use clap::Command;
pub use clap_complete::engine::ArgValueCompleter;
use clap_complete::engine::{CompletionCandidate, PathCompleter};

pub use self::line::Typed;
use self::line::{Line, escape_for_bash};
pub use self::live::{LiveNames, live_names};

/// A shell that completions are made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Shell {
    /// GNU Bash, 4 or later
    Bash,
    /// Z shell
    Zsh,
    /// fish
    Fish,
}

/// The flag with which a shell's script asks: `TOOL --complete SHELL CURSOR LINE WORD…`.
const REQUEST: &str = "--complete";

/// A shell's question, as its script asks it.
struct Request {
    shell: Shell,
    line: Line,
}

impl Request {
    /// The question in the arguments of the process, if they are one.
    fn from_args(mut args: impl Iterator<Item = OsString>) -> Option<Request> {
        if args.nth(1)? != REQUEST {
            return None;
        }
        let shell: Shell = clap::ValueEnum::from_str(args.next()?.to_str()?, false).ok()?;
        let cursor = args.next()?.to_str()?.parse().ok()?;
        let text = args.next()?.into_string().ok()?;
        let words = args.map(OsString::into_string).collect::<Result<_, _>>().ok()?;
        Some(Request { shell, line: Line::new(words, cursor, &text)? })
    }
}

/// Makes what completes a value.
pub type Completer = fn() -> ArgValueCompleter;

/// Answers a shell's question on `output`. False when the process was not asked one.
pub(crate) fn answer(command: &Command, completers: &[(&str, Completer)], output: &mut impl Write) -> bool {
    let Some(request) = Request::from_args(std::env::args_os()) else { return false };
    let mut command = with_completers(command.clone(), completers);
    let words = request.line.words.iter().map(OsString::from).collect::<Vec<_>>();
    let cursor = words.len() - 1;
    let here = std::env::current_dir().ok();
    let candidates = clap_complete::engine::complete(&mut command, words, cursor, here.as_deref());
    for candidate in fitting(candidates.unwrap_or_default(), &request.line) {
        let _ = writeln!(output, "{}", shown(&candidate, &request));
    }
    true
}

/// The command and its verbs, with what completes the values of these names, where nothing of their own does. A FILE is
/// one everywhere.
fn with_completers(command: Command, completers: &[(&str, Completer)]) -> Command {
    let command = command.mut_args(|arg| {
        if arg.get::<ArgValueCompleter>().is_some() {
            return arg;
        }
        let name = arg.get_value_names().and_then(|names| names.first()).map(ToString::to_string);
        let of_name = completers.iter().find(|(of, _)| Some(*of) == name.as_deref());
        match (of_name, name.as_deref()) {
            (Some((_, completer)), _) => arg.add(completer()),
            (None, Some("FILE")) => arg.add(ArgValueCompleter::new(PathCompleter::file())),
            _ => arg,
        }
    });
    command.mut_subcommands(|verb| with_completers(verb, completers))
}

/// Flags are many: where a name is expected, they come only after a hyphen.
fn fitting(candidates: Vec<CompletionCandidate>, line: &Line) -> Vec<CompletionCandidate> {
    let is_flag = |c: &CompletionCandidate| c.get_value().to_string_lossy().starts_with('-');
    let only_names = line.words.last().is_none_or(String::is_empty) && !candidates.iter().all(is_flag);
    let is_text = |c: &CompletionCandidate| !c.get_value().to_string_lossy().contains(char::is_control);
    candidates.into_iter().filter(|c| is_text(c) && !(only_names && is_flag(c))).collect()
}

/// One candidate as the shell's script reads it: bash wants what replaces its own idea of a word, the others a
/// description behind a tab.
fn shown(candidate: &CompletionCandidate, request: &Request) -> String {
    let value = candidate.get_value().to_string_lossy();
    match request.shell {
        Shell::Bash => escape_for_bash(value.strip_prefix(&request.line.typed).unwrap_or(&value)),
        Shell::Zsh | Shell::Fish => match candidate.get_help().map(ToString::to_string) {
            Some(help) => format!("{value}\t{}", help.lines().next().unwrap_or_default()),
            None => value.into_owned(),
        },
    }
}

/// Prints the script for a shell.
///
/// # Errors
/// Those of the writer.
pub(crate) fn write_script(tool: &str, shell: Shell, output: &mut impl Write) -> std::io::Result<()> {
    output.write_all(script::of(tool, shell).as_bytes())
}
