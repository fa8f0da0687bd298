//! Flags: how a run goes. Its pace, its end, its transactions.

use std::time::Duration;

use kch_cli::parse_duration;

/// How a run goes.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "The run")]
pub struct FlowArgs {
    /// Begin at this input line; the earlier ones are in already
    #[arg(long, value_name = "LINE", value_parser = clap::value_parser!(u64).range(1..))]
    pub resume_from: Option<u64>,

    /// Stop after this many records
    #[arg(long, value_name = "N")]
    pub limit: Option<u64>,

    /// Send each line this many times; fill rules give each record its own values
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    pub repeat: u64,

    /// Send no more than this many records a second; 30/m and 100/h are a minute's and an hour's
    #[arg(long, value_name = "N", value_parser = parse_rate)]
    pub rate: Option<Rate>,

    /// One transaction for all records, or one for each N
    ///
    /// Readers of committed records see a transaction as a whole or not at all. What fails aborts the one that is open;
    /// so does a signal, if it is to hold all. One of N records is also committed when stdin has been idle for a second, or
    /// when it has been open for a quarter of the time that brokers allow, 60 s.
    #[arg(long, value_name = "all|N", value_parser = parse_transaction)]
    pub transaction: Option<Transaction>,

    /// Create the topic, and that of --dlq-topic, if it is missing; the brokers choose what is not said
    #[arg(
        long, value_name = "PARTITIONS[:REPLICAS]", num_args = 0..=1, require_equals = true,
        default_missing_value = "", value_parser = parse_create
    )]
    pub create_topic: Option<CreateTopic>,

    /// Stop a line from being longer than this many MiB
    #[arg(long, value_name = "MIB", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub max_line: u16,

    /// Give up on a record that is not acknowledged within this time, 1s to 1h
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = delivery_timeout)]
    pub timeout: Duration,
}

/// Time between two records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate(pub Duration);

/// How records are put into transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transaction {
    /// All in one.
    All,
    /// So many in each.
    Records(u64),
}

/// A topic to create; what is `None` the brokers choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreateTopic {
    /// Number of partitions.
    pub partitions: Option<i32>,
    /// Replicas of each.
    pub replicas: Option<i32>,
}

fn parse_rate(text: &str) -> Result<Rate, String> {
    let (number, seconds) = match text.split_once('/') {
        None | Some((_, "s")) => (text.trim_end_matches("/s"), 1.0),
        Some((number, "m")) => (number, 60.0),
        Some((number, "h")) => (number, 3600.0),
        Some(_) => ("", 1.0),
    };
    let between = number.parse::<f64>().ok().filter(|number| *number > 0.0).map(|number| seconds / number);
    between
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .filter(|between| *between <= Duration::from_secs(86_400))
        .map(Rate)
        .ok_or_else(|| "expected records a second, as 100 or 0.5, or 30/m, 100/h".to_owned())
}

fn parse_transaction(text: &str) -> Result<Transaction, String> {
    match (text, text.parse()) {
        ("all", _) => Ok(Transaction::All),
        (_, Ok(records @ 1..)) => Ok(Transaction::Records(records)),
        _ => Err("expected all, or a number of records".to_owned()),
    }
}

fn parse_create(text: &str) -> Result<CreateTopic, String> {
    let number = |text: &str| match text.parse::<i16>() {
        _ if text.is_empty() => Ok(None),
        Ok(number @ 1..) => Ok(Some(i32::from(number))),
        _ => Err("expected PARTITIONS or PARTITIONS:REPLICAS, as 6:3".to_owned()),
    };
    let (partitions, replicas) = text.split_once(':').unwrap_or((text, ""));
    Ok(CreateTopic { partitions: number(partitions)?, replicas: number(replicas)? })
}

fn delivery_timeout(text: &str) -> Result<Duration, String> {
    let timeout = parse_duration(text)?;
    let range = Duration::from_secs(1)..=Duration::from_secs(3600);
    if range.contains(&timeout) { Ok(timeout) } else { Err("it is at least 1s and at most 1h".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_records_a_second_a_minute_or_an_hour() {
        let millis = |text| parse_rate(text).map(|rate| rate.0.as_millis());
        assert_eq!(millis("100"), Ok(10));
        assert_eq!(millis("100/s"), Ok(10));
        assert_eq!(millis("0.5"), Ok(2_000));
        assert_eq!(millis("30/m"), Ok(2_000));
        assert!(["", "0", "-1", "x", "1/d", "nan", "inf/s/s"].iter().all(|text| parse_rate(text).is_err()));
    }

    #[test]
    fn a_transaction_is_all_or_a_number() {
        assert_eq!(parse_transaction("all"), Ok(Transaction::All));
        assert_eq!(parse_transaction("500"), Ok(Transaction::Records(500)));
        assert!(["", "0", "none"].iter().all(|text| parse_transaction(text).is_err()));
    }

    #[test]
    fn a_topic_to_create_may_say_its_partitions_and_replicas() {
        let said = |text| parse_create(text).map(|topic| (topic.partitions, topic.replicas));
        assert_eq!(said(""), Ok((None, None)));
        assert_eq!(said("6"), Ok((Some(6), None)));
        assert_eq!(said("6:3"), Ok((Some(6), Some(3))));
        assert!(["0", "x", "6:", ":x"].iter().filter(|text| said(text).is_err()).count() == 3);
    }
}
