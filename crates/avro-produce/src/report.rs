//! The end of a run: wait for every acknowledgement, say what arrived, choose the exit code.

use kch_cli::{Exit, Failure, Io, Messages};
use kch_kafka::{Deliveries, Producer, Rejection};

/// Why the sending ended.
#[derive(Debug)]
pub(crate) enum Ending {
    /// All lines were handed over.
    InputEnded,
    /// This line could not be; those after it were not read.
    Stopped { line: u64, failure: Failure },
    /// The cluster refused a record that was sent.
    Refused,
    /// A signal asked for the end; this line and those after it were not sent.
    Signal { exit: Exit, line: u64 },
}

/// Drains `producer`, says what must be said and gives the exit code.
pub(crate) fn close(ending: &Ending, producer: Producer, io: &mut Io) -> Exit {
    let deliveries = producer.finish();
    let messages = &mut io.messages;
    let mut exit = Exit::Done;
    match ending {
        // Ctrl-C ends the program before us in the pipe too, and its end can be here before our own signal is.
        Ending::InputEnded | Ending::Refused if io.signals.received().is_some() => {
            exit = io.signals.received().unwrap_or_default();
            messages.say(stopped_by(exit));
        }
        Ending::InputEnded | Ending::Refused => {}
        Ending::Stopped { failure, .. } => {
            messages.failure(failure);
            exit = failure.exit();
        }
        Ending::Signal { exit: signal, .. } => {
            messages.say(stopped_by(*signal));
            exit = *signal;
        }
    }
    exit = exit.worst(say_rejections(&deliveries.rejections, messages));
    if exit != Exit::Done {
        messages.say(&account(ending, &deliveries));
    }
    exit
}

fn stopped_by(signal: Exit) -> &'static str {
    if signal == Exit::Terminated { "stopped by SIGTERM" } else { "stopped by SIGINT" }
}

/// Names the first refused records and counts the rest.
fn say_rejections(rejections: &[Rejection], messages: &mut Messages) -> Exit {
    const NAMED: usize = 5;
    for rejection in rejections.iter().take(NAMED) {
        messages.say(&format!("stdin:{}: not acknowledged: {}", rejection.line, rejection.reason));
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

/// The account that a retry needs: how many records arrived, and up to which line all of them did.
fn account(ending: &Ending, deliveries: &Deliveries) -> String {
    let records = |count: u64| if count == 1 { "1 record".to_owned() } else { format!("{count} records") };
    let mut text = format!("{} acknowledged", records(deliveries.acknowledged));
    if let Some(first) = deliveries.rejections.first() {
        text += &format!(", {} not; every line before {} is in", deliveries.rejections.len(), first.line);
    } else if let Ending::Stopped { line, .. } | Ending::Signal { line, .. } = ending {
        text += &format!("; every line before {line} is in, nothing from it on was sent");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejection(line: u64, transient: bool) -> Rejection {
        Rejection { line, reason: "message timed out".into(), transient }
    }

    #[test]
    fn the_account_says_up_to_where_all_is_in() {
        let stopped = Ending::Stopped { line: 42, failure: Failure::refused("x") };
        let all = Deliveries { sent: 41, acknowledged: 41, rejections: vec![] };
        assert_eq!(
            account(&stopped, &all),
            "41 records acknowledged; every line before 42 is in, nothing from it on was sent"
        );
        let some =
            Deliveries { sent: 3, acknowledged: 1, rejections: vec![rejection(2, true), rejection(3, true)] };
        assert_eq!(
            account(&Ending::Refused, &some),
            "1 record acknowledged, 2 not; every line before 2 is in"
        );
        let drained = Deliveries { sent: 7, acknowledged: 7, rejections: vec![] };
        let signal = Ending::Signal { exit: Exit::Interrupted, line: 8 };
        assert!(account(&signal, &drained).starts_with("7 records acknowledged; every line before 8 is in"));
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
