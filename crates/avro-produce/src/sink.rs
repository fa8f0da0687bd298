//! Where records go: to the cluster, in transactions or not, or nowhere.

use std::time::Duration;

use kch_cli::{Failure, Result};
use kch_kafka::{Deliveries, Outgoing, Producer, Receipt};

use crate::args::Transaction;
use crate::fault::Fault;

/// How long a transaction of N records stays open while stdin is idle.
const COMMIT_WHEN_IDLE: Duration = Duration::from_secs(1);

/// Where records go.
#[derive(Debug)]
pub(crate) enum Sink {
    /// To the cluster.
    Kafka {
        producer: Box<Producer>,
        transaction: Option<Transaction>,
        /// How long a transaction of N records stays open at most, however slowly they come.
        longest: Duration,
    },
    /// Nowhere (`--dry-run`); counted.
    Nowhere { records: u64 },
}

impl Sink {
    /// Sends one record.
    pub(crate) fn send(&mut self, line: u64, outgoing: Outgoing<'_>) -> std::result::Result<(), Fault> {
        match self {
            Sink::Kafka { producer, .. } => {
                producer.send(line, outgoing).map_err(|error| Fault::Other(error.into()))
            }
            Sink::Nowhere { records } => {
                *records += u64::from(!outgoing.dead_letter);
                Ok(())
            }
        }
    }

    /// Commits the open transaction of N records if it has them all, or has been open for long enough.
    pub(crate) fn commit_if_due(&mut self) -> Result<()> {
        match self {
            Sink::Kafka { producer, transaction: Some(Transaction::Records(most)), longest } => {
                match producer.open_transaction() {
                    Some((records, open)) if records >= *most || open > *longest => {
                        producer.commit().map_err(Failure::from)
                    }
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    /// Commits the open transaction.
    pub(crate) fn commit(&mut self) -> Result<()> {
        match self {
            Sink::Kafka { producer, .. } => producer.commit().map_err(Failure::from),
            Sink::Nowhere { .. } => Ok(()),
        }
    }

    /// Whether part of the input makes a transaction.
    pub(crate) fn commits_as_it_goes(&self) -> bool {
        matches!(self, Sink::Kafka { transaction: Some(Transaction::Records(_)), .. })
    }

    /// Whether a transaction is open.
    pub(crate) fn has_open_transaction(&self) -> bool {
        matches!(self, Sink::Kafka { producer, .. } if producer.has_open_transaction())
    }

    /// Whether something is under way that wants looking after while stdin is idle.
    pub(crate) fn has_unfinished(&self) -> bool {
        match self {
            Sink::Kafka { producer, .. } => {
                producer.has_unfinished() || (self.commits_as_it_goes() && producer.has_open_transaction())
            }
            Sink::Nowhere { .. } => false,
        }
    }

    /// Takes acknowledgements, and commits a transaction of N records that has waited long enough.
    pub(crate) fn look_after(&mut self) -> Result<()> {
        let commits = self.commits_as_it_goes();
        let Sink::Kafka { producer, .. } = self else { return Ok(()) };
        producer.poll();
        match producer.open_transaction() {
            Some((_, open)) if commits && open > COMMIT_WHEN_IDLE => producer.commit().map_err(Failure::from),
            _ => Ok(()),
        }
    }

    /// Takes acknowledgements.
    pub(crate) fn poll(&self) {
        if let Sink::Kafka { producer, .. } = self {
            producer.poll();
        }
    }

    /// The records acknowledged since the last call.
    pub(crate) fn take_receipts(&self) -> Vec<Receipt> {
        match self {
            Sink::Kafka { producer, .. } => producer.take_receipts(),
            Sink::Nowhere { .. } => Vec::new(),
        }
    }

    /// Why no more should be sent: a record refused by the cluster, which `--on-error` may go past, or one that could
    /// not be delivered, which it may not. In a transaction every one counts: it cannot be committed without it.
    pub(crate) fn must_stop(&self, on_refusal: bool) -> bool {
        match self {
            Sink::Kafka { producer, transaction, .. } => {
                let any = on_refusal || transaction.is_some();
                producer.has_rejections() && (any || producer.has_transient_rejections())
            }
            Sink::Nowhere { .. } => false,
        }
    }

    /// Waits for the last acknowledgements and closes the accounts.
    pub(crate) fn finish(&mut self) -> Deliveries {
        match self {
            Sink::Kafka { producer, .. } => producer.finish(),
            Sink::Nowhere { .. } => Deliveries::default(),
        }
    }
}
