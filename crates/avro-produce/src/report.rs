//! The end of a run: wait for every acknowledgement, say what arrived, choose the exit code.

use kch_cli::{Exit, Failure, Io, Messages, count};
use kch_kafka::{Deliveries, Rejection, RolledBack};

use crate::pump::{Copies, Pump};
use crate::sink::Sink;

/// Why the sending ended.
#[derive(Debug)]
pub(crate) enum Ending {
    /// All lines were looked at.
    InputEnded,
    /// This line stopped the run; it and those after it were not sent.
    Stopped { line: u64, failure: Failure },
    /// The cluster refused a record that was sent.
    Refused,
    /// A signal asked for the end; this line and those after it were not sent.
    Signal { exit: Exit, line: u64 },
}

/// Waits for the acknowledgements, says what must be said and gives the exit code.
pub(crate) fn close(ending: Ending, mut pump: Pump<'_>, io: &mut Io) -> Exit {
    let ending = pump.settle(ending);
    let deliveries = pump.sink.finish();
    let printed = pump.receipts.print(&pump.sink, &mut io.output);
    let kept = pump.rejects.close();
    let signal = io.signals.received();
    let messages = &mut io.messages;
    messages.end_progress();
    let mut exit = match &ending {
        // Ctrl-C ends the program before us in the pipe too, and its end can be here before our own signal is.
        Ending::InputEnded | Ending::Refused => signal.unwrap_or_default(),
        Ending::Stopped { failure, .. } => {
            messages.failure(failure);
            failure.exit()
        }
        Ending::Signal { exit, .. } => *exit,
    };
    match exit {
        Exit::Interrupted => messages.say("stopped by SIGINT"),
        Exit::Terminated => messages.say("stopped by SIGTERM"),
        _ => {}
    }
    for failure in [printed, kept].into_iter().filter_map(Result::err) {
        messages.failure(&failure);
        exit = exit.worst(failure.exit());
    }
    exit = exit.worst(say_rejections(&deliveries.rejections, messages));
    let refused = pump.rejects.count();
    exit = exit.worst(if refused > 0 { Exit::Refused } else { Exit::Done });
    match &pump.sink {
        Sink::Nowhere { records } => {
            messages.say(&verdict(&ending, *records, refused, pump.rejects.stops_at_refusals()));
        }
        Sink::Kafka { .. } if exit == Exit::Done => {}
        Sink::Kafka { transaction, .. } => {
            messages.say(&account(&ending, &deliveries, refused, transaction.is_some(), pump.copies));
        }
    }
    exit
}

/// What a dry run found. The line that stopped it is not among those that it went past.
fn verdict(ending: &Ending, fit: u64, refused: u64, stops_at_refusals: bool) -> String {
    let stopped = stops_at_refusals
        && matches!(ending, Ending::Stopped { failure, .. } if failure.exit() == Exit::Refused);
    let bad = refused + u64::from(stopped);
    let text = format!(
        "{} {}, {bad} {}",
        count(fit, "line"),
        if fit == 1 { "fits" } else { "fit" },
        if bad == 1 { "does not" } else { "do not" },
    );
    match stopped {
        true => format!("{text}, the rest was not looked at (--on-error skip goes on); nothing was sent"),
        false => format!("{text}; nothing was sent"),
    }
}

/// Names the first records that the cluster refused and counts the rest.
fn say_rejections(rejections: &[Rejection], messages: &mut Messages) -> Exit {
    const NAMED: usize = 5;
    for rejection in rejections.iter().take(NAMED) {
        let text = format!("stdin:{}: not acknowledged: {}", rejection.line, rejection.reason);
        let failure = if rejection.transient { Failure::unavailable(text) } else { Failure::refused(text) };
        messages.failure(&failure.fact("line", rejection.line));
    }
    if rejections.iter().any(|rejection| rejection.reason.contains("failed to validate record")) {
        messages.say("a compacted topic takes only records with keys: --key-field FIELD");
    }
    if rejections.iter().any(|rejection| rejection.transient) {
        messages.hint(
            "topic-ctl check TOPIC says whether enough replicas are in sync, topic-ctl brokers who is up",
        );
    }
    if rejections.len() > NAMED {
        messages.say(&format!("and {} more records not acknowledged", rejections.len() - NAMED));
    }
    match rejections.iter().any(|rejection| rejection.transient) {
        true => Exit::Unavailable,
        false if rejections.is_empty() => Exit::Done,
        false => Exit::Refused,
    }
}

/// The account that a retry needs: how many records arrived, how many lines were refused, and up to which line all is in.
fn account(
    ending: &Ending,
    deliveries: &Deliveries,
    refused: u64,
    in_transactions: bool,
    copies: Copies,
) -> String {
    let done = if in_transactions { "committed" } else { "acknowledged" };
    let mut text = format!("{} {done}", count(deliveries.acknowledged, "record"));
    if refused > 0 {
        text += &format!(", {} refused", count(refused, "line"));
    }
    if deliveries.dead_letters > 0 {
        text += &format!(", {} on the dead-letter topic", deliveries.dead_letters);
    }
    let which = if refused > 0 { "every other line" } else { "every line" };
    // What is in of the line that is named, when it is not nothing.
    let part = |of_line: u64, line: u64| match of_line {
        0 => String::new(),
        _ => format!(", and {of_line} of the {} copies of line {line}", copies.all),
    };
    match (&deliveries.rolled_back, deliveries.rejections.first(), ending) {
        (Some(RolledBack { first_line, records, in_doubt: true }), ..) => {
            text += &format!(
                "; {which} before {first_line} is in{}; whether the {} from {} on are in is not known: the coordinator did not answer",
                part(copies.committed, *first_line),
                count(records, "record"),
                if copies.committed > 0 { "there" } else { "it" },
            );
        }
        (Some(RolledBack { first_line, records, .. }), ..) => {
            text +=
                &format!(", {records} taken back with the transaction; {which} before {first_line} is in");
            text += &match copies.committed {
                0 => ", nothing from it on is".to_owned(),
                some => format!("{}, nothing more is", part(some, *first_line)),
            };
        }
        (None, Some(first), _) => {
            text += &format!(", {} not; {which} before {} is in", deliveries.rejections.len(), first.line);
        }
        (None, None, Ending::Stopped { line, .. } | Ending::Signal { line, .. }) => {
            text += &format!("; {which} before {line} is in");
            text += &match copies.sent {
                0 => ", nothing from it on was sent".to_owned(),
                some => format!("{}, nothing more was sent", part(some, *line)),
            };
        }
        (None, None, Ending::InputEnded | Ending::Refused) => {}
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejection(line: u64, transient: bool) -> Rejection {
        Rejection { line, reason: "message timed out".into(), transient }
    }

    fn acknowledged(acknowledged: u64) -> Deliveries {
        Deliveries { sent: acknowledged, acknowledged, ..Deliveries::default() }
    }

    #[test]
    fn the_account_says_up_to_where_all_is_in() {
        let stopped = Ending::Stopped { line: 42, failure: Failure::refused("x") };
        assert_eq!(
            account(&stopped, &acknowledged(41), 0, false, Copies::default()),
            "41 records acknowledged; every line before 42 is in, nothing from it on was sent"
        );
        assert_eq!(
            account(&stopped, &acknowledged(39), 2, false, Copies::default()),
            "39 records acknowledged, 2 lines refused; every other line before 42 is in, nothing from it on was sent"
        );
        let some = Deliveries { rejections: vec![rejection(2, true), rejection(3, true)], ..acknowledged(1) };
        assert_eq!(
            account(&Ending::Refused, &some, 0, false, Copies::default()),
            "1 record acknowledged, 2 not; every line before 2 is in"
        );
        let signal = Ending::Signal { exit: Exit::Interrupted, line: 8 };
        assert!(
            account(&signal, &acknowledged(7), 0, false, Copies::default())
                .starts_with("7 records acknowledged; every line before 8 is in")
        );
        let letters = Deliveries { dead_letters: 1, ..acknowledged(9) };
        assert_eq!(
            account(&Ending::InputEnded, &letters, 1, false, Copies::default()),
            "9 records acknowledged, 1 line refused, 1 on the dead-letter topic"
        );
    }

    #[test]
    fn what_a_transaction_takes_back_is_in_the_account() {
        let stopped = Ending::Stopped { line: 42, failure: Failure::refused("x") };
        let rolled_back = |in_doubt| Some(RolledBack { first_line: 31, records: 11, in_doubt });
        let aborted = Deliveries { rolled_back: rolled_back(false), ..acknowledged(30) };
        assert_eq!(
            account(&stopped, &aborted, 0, true, Copies::default()),
            "30 records committed, 11 taken back with the transaction; every line before 31 is in, nothing from it on is"
        );
        let in_doubt = Deliveries { rolled_back: rolled_back(true), ..acknowledged(30) };
        assert_eq!(
            account(&stopped, &in_doubt, 0, true, Copies::default()),
            "30 records committed; every line before 31 is in; whether the 11 records from it on are in is not known: the coordinator did not answer"
        );
    }

    #[test]
    fn copies_that_are_in_are_in_the_account() {
        let signal = Ending::Signal { exit: Exit::Interrupted, line: 2 };
        let copies = Copies { all: 50, sent: 20, committed: 14 };
        assert_eq!(
            account(&signal, &acknowledged(70), 0, false, copies),
            "70 records acknowledged; every line before 2 is in, and 20 of the 50 copies of line 2, nothing more was sent"
        );
        let rolled_back = |in_doubt| Deliveries {
            rolled_back: Some(RolledBack { first_line: 2, records: 6, in_doubt }),
            ..acknowledged(64)
        };
        assert_eq!(
            account(&signal, &rolled_back(false), 0, true, copies),
            "64 records committed, 6 taken back with the transaction; every line before 2 is in, and 14 of the 50 copies of line 2, nothing more is"
        );
        assert_eq!(
            account(&signal, &rolled_back(true), 0, true, copies),
            "64 records committed; every line before 2 is in, and 14 of the 50 copies of line 2; whether the 6 records from there on are in is not known: the coordinator did not answer"
        );
    }

    #[test]
    fn a_timeout_means_try_again_and_a_refusal_does_not() {
        let mut messages = Messages::new("avro-produce", std::io::sink());
        assert_eq!(say_rejections(&[rejection(1, false)], &mut messages), Exit::Refused);
        assert_eq!(
            say_rejections(&[rejection(1, false), rejection(2, true)], &mut messages),
            Exit::Unavailable
        );
        assert_eq!(say_rejections(&[], &mut messages), Exit::Done);
    }
}
