//! The question before something is destroyed. Whoever has stdin and stderr on a terminal is asked: a person, and also a
//! script that a person started there, which says `-y`.

use std::io::Read as _;

use crate::{Failure, Io, Result};

/// So many are shown, the rest is counted.
const SHOWN: usize = 20;

/// The flag of every verb that destroys what it cannot bring back, or what was not named one by one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::Args)]
pub struct ConfirmArgs {
    /// Do not ask first, as on a terminal it would
    #[arg(short = 'y', long)]
    pub yes: bool,
}

impl ConfirmArgs {
    /// Shows what is about to be destroyed and asks for a yes. `what` begins with a verb and ends without a colon:
    /// `delete for good`. `items` is called only when someone is asked; where it gives none, nothing is asked.
    ///
    /// # Errors
    /// Any other answer is a refusal; a signal is its exit code; what `items` fails with.
    pub fn ask(self, io: &mut Io, what: &str, items: impl FnOnce() -> Result<Vec<String>>) -> Result<()> {
        if self.yes || !io.input.is_terminal() {
            return Ok(());
        }
        let items = items()?;
        if items.is_empty() {
            return Ok(());
        }
        // Someone sits there and would not see the question.
        if !io.messages.is_terminal() {
            let text = format!("nothing was changed: it would {what}, and stderr is no terminal to ask on");
            return Err(Failure::refused(text).hint("--yes does it without asking"));
        }
        // What was said before belongs above the question.
        std::io::Write::flush(&mut io.output)?;
        io.messages.say(&format!("about to {what}:"));
        items.iter().take(SHOWN).for_each(|item| io.messages.print(&format!("  {item}")));
        if items.len() > SHOWN {
            io.messages.print(&format!("  … and {} more", items.len() - SHOWN));
        }
        io.messages.ask("Go on? [y/N] ");
        let answer = answer(io)?;
        if matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") {
            return Ok(());
        }
        Err(Failure::refused("not confirmed: nothing was changed"))
    }
}

/// One line of the terminal: it hands out no more than that at a time.
fn answer(io: &mut Io) -> Result<String> {
    let mut line = Vec::new();
    let mut chunk = [0; 256];
    while !line.contains(&b'\n') {
        let count = io.input.read(&mut chunk)?;
        if count == 0 {
            // The end, or a signal: the cursor stands behind the question.
            io.messages.print("");
            break;
        }
        line.extend_from_slice(&chunk[..count]);
    }
    match io.signals.received() {
        Some(signal) => Err(Failure::interrupted(signal)),
        None => Ok(String::from_utf8_lossy(&line).into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::{Exit, Input, Messages, Output, Signals};

    #[derive(Clone, Default)]
    struct Shown(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Shown {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// What is shown to one who answers so, and how it ends.
    fn asked(answer: &'static str, terminals: [bool; 2], yes: bool, count: usize) -> (String, Result<()>) {
        let shown = Shown::default();
        let mut io = Io {
            input: Input::new("stdin", answer.as_bytes()).on_terminal(terminals[0]),
            output: Output::new(std::io::sink(), true),
            messages: Messages::new("tool", shown.clone()).on_terminal(terminals[1]),
            signals: Signals::none(),
        };
        let items = || Ok((1..=count).map(|number| format!("thing {number}")).collect());
        let end = ConfirmArgs { yes }.ask(&mut io, "delete for good", items);
        let text = String::from_utf8(shown.0.lock().unwrap().clone()).unwrap();
        (text, end)
    }

    #[test]
    fn only_a_yes_goes_on() {
        for answer in ["y\n", "Y\n", "yes\n", " Yes \n"] {
            let (shown, end) = asked(answer, [true, true], false, 2);
            assert_eq!(end, Ok(()), "{answer:?}");
            assert_eq!(shown, "tool: about to delete for good:\n  thing 1\n  thing 2\nGo on? [y/N] ");
        }
        for answer in ["\n", "n\n", "yess\n", "", "no\ny\n"] {
            let failure = asked(answer, [true, true], false, 1).1.unwrap_err();
            assert_eq!(failure.exit(), Exit::Refused, "{answer:?}");
        }
    }

    #[test]
    fn nobody_is_asked_without_a_terminal_or_with_yes_or_about_nothing() {
        for (terminals, yes, count) in [
            ([false, true], false, 1),
            ([true, false], true, 1),
            ([true, true], true, 1),
            ([true, true], false, 0),
        ] {
            assert_eq!(asked("", terminals, yes, count), (String::new(), Ok(())));
        }
    }

    #[test]
    fn one_who_cannot_see_the_question_destroys_nothing() {
        let (shown, end) = asked("y\n", [true, false], false, 1);
        let failure = end.unwrap_err();
        assert_eq!((shown.as_str(), failure.exit()), ("", Exit::Refused));
        assert_eq!(failure.hint_text(), Some("--yes does it without asking"));
    }

    #[test]
    fn many_are_counted() {
        let (shown, _) = asked("n\n", [true, true], false, 25);
        assert!(shown.ends_with("  thing 20\n  … and 5 more\nGo on? [y/N] "), "{shown}");
    }
}
