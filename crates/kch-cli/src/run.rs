//! The one place that turns the outcome of a tool into text on stderr and a number for the shell.

use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use crate::{ErrorFormat, Exit, Failure, Input, Messages, Output, Result, Signals};

/// What a tool reads from and writes to. Passed in, so that tests need no process.
#[derive(Debug)]
pub struct Io {
    /// Data in.
    pub input: Input,
    /// Data out.
    pub output: Output,
    /// Everything else.
    pub messages: Messages,
    /// Whether the end was asked for.
    pub signals: Signals,
}

/// Runs `job` as the tool called `tool`: installs the signals, flushes stdout, prints the failure with its hint, and
/// gives the exit code.
pub fn run(tool: &'static str, job: impl FnOnce(&mut Io) -> Result<Exit>) -> ExitCode {
    let mut messages = Messages::stderr(tool);
    match ErrorFormat::asked() {
        Ok(format) => messages = messages.in_format(format),
        Err(failure) => {
            messages.failure(&failure);
            return failure.exit().into();
        }
    }
    let signals = match Signals::install() {
        Ok(signals) => signals,
        Err(error) => {
            messages.say(&format!("cannot install signal handlers: {error}"));
            return Exit::Usage.into();
        }
    };
    let input = Input::stdin(signals.clone());
    let mut io = Io { input, output: Output::stdout(), messages, signals };
    // A panic is a defect of ours; it still must not print a Debug dump or an exit code that means something else.
    std::panic::set_hook(Box::new(|_| {}));
    let outcome = catch_unwind(AssertUnwindSafe(|| job(&mut io))).unwrap_or_else(|panic| {
        let what = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied());
        Err(Failure::refused(format!("internal error: {}", what.unwrap_or("unknown")))
            .hint("this is a defect of the tool: please report it with the command line"))
    });
    finish(outcome, &mut io).into()
}

fn finish(outcome: Result<Exit>, io: &mut Io) -> Exit {
    let (mut exit, failed) = match outcome {
        Ok(exit) => (exit, None),
        Err(failure) => (failure.exit(), Some(failure)),
    };
    let unwritten = io.output.flush().err().map(Failure::from);
    // A full disk fails the tool's own write and this last one alike: it is said once, with its place.
    let same = failed.as_ref().map(Failure::text) == unwritten.as_ref().map(Failure::text);
    let unwritten = unwritten.map(|failure| failure.context("cannot write to stdout"));
    for failure in failed.into_iter().filter(|_| !same).chain(unwritten) {
        if !failure.is_closed_pipe() {
            io.messages.failure(&failure);
            exit = exit.worst(failure.exit());
        }
    }
    let (exit, missing) = io.output.sought.end(exit);
    missing.into_iter().for_each(|failure| io.messages.failure(failure));
    exit
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::RenderArgs;
    use crate::output::tests::Broken;

    fn finish_with(kind: io::ErrorKind, outcome: Result<Exit>) -> Exit {
        let mut output = Output::new(Broken(kind), false);
        output.line(b"data").unwrap();
        let messages = Messages::new("tool", io::sink());
        let input = Input::new("stdin", io::empty());
        finish(outcome, &mut Io { input, output, messages, signals: Signals::none() })
    }

    #[test]
    fn an_unknown_field_fails_when_the_work_is_done_and_changes_no_other_end() {
        let end_of = |outcome: Result<Exit>| {
            let mut output = Output::new(io::sink(), false);
            let args = RenderArgs { output: None, field: Some("nme".to_owned()) };
            args.render(&output).rows(&[serde_json::json!({"name": "a"})], &mut output).unwrap();
            let messages = Messages::new("tool", io::sink());
            let input = Input::new("stdin", io::empty());
            finish(outcome, &mut Io { input, output, messages, signals: Signals::none() })
        };
        assert_eq!(end_of(Ok(Exit::Done)), Exit::Usage);
        assert_eq!(end_of(Ok(Exit::Interrupted)), Exit::Interrupted);
        assert_eq!(end_of(Err(Failure::refused("x"))), Exit::Refused);
    }

    #[test]
    fn a_closed_pipe_is_the_end_and_a_full_disk_is_an_error() {
        assert_eq!(finish_with(io::ErrorKind::BrokenPipe, Ok(Exit::Done)), Exit::Done);
        assert_eq!(finish_with(io::ErrorKind::StorageFull, Ok(Exit::Done)), Exit::Refused);
        let full = Err(io::Error::from(io::ErrorKind::StorageFull).into());
        assert_eq!(finish_with(io::ErrorKind::StorageFull, full), Exit::Refused);
        assert_eq!(finish_with(io::ErrorKind::BrokenPipe, Err(Failure::unavailable("x"))), Exit::Unavailable);
    }
}
