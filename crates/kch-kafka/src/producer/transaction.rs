//! Transactions: what is sent between two commits is seen by readers of committed records as a whole or not at all.
//!
//! One begins with the first record after a commit, and ends with [`Producer::commit`] or [`Producer::abort`].

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rdkafka::error::{KafkaError as RdError, RDKafkaError};
use rdkafka::producer::Producer as _;
use rdkafka::types::RDKafkaErrorCode as Code;

use super::{Producer, RolledBack};
use crate::error::{classify, plain};
use crate::watch::lock;
use crate::{KafkaConfig, KafkaError};

/// How long one question to the coordinator may take; the question is asked again until the time is over.
const ASK: Duration = Duration::from_secs(1);

/// The transaction that is open, or the state between two.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Transaction {
    open: bool,
    /// Records sent in it, dead letters aside.
    records: u64,
    first_line: u64,
    began: Option<Instant>,
    /// What was committed before it: records, and dead letters.
    sent: u64,
    letters: u64,
    /// The coordinator was asked to commit it and did not answer.
    in_doubt: bool,
}

/// Sets what transactions need. Each run is a producer of its own, unless `-X transactional.id` says otherwise.
pub(super) fn configure(config: &mut KafkaConfig, timeout: Duration, delivery_timeout: Duration) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    config
        .default("transactional.id", &format!("avro-produce-{now:x}-{}", std::process::id()))
        .default("transaction.timeout.ms", &timeout.max(delivery_timeout).as_millis().to_string());
}

impl Producer {
    /// Asks the coordinator for this producer's place.
    pub(super) fn start_transactions(&mut self) -> Result<(), KafkaError> {
        let began = Instant::now();
        loop {
            match self.inner.init_transactions(ASK) {
                Ok(()) => break,
                Err(RdError::Transaction(error)) if error.is_retriable() => {}
                Err(error) => return Err(self.transaction_error("cannot begin transactions", &error)),
            }
            self.poll();
            self.inner.context().watch.ensure_worth_waiting(&self.config, began)?;
        }
        self.transaction = Some(Transaction::default());
        Ok(())
    }

    /// Begins a transaction if the producer has them and none is open, and counts the record that is about to be sent.
    pub(super) fn begin_if_needed(&mut self, line: u64, dead_letter: bool) -> Result<(), KafkaError> {
        let Some(mut transaction) = self.transaction else { return Ok(()) };
        if !transaction.open {
            let begun = self.inner.begin_transaction();
            begun.map_err(|error| self.transaction_error("cannot begin a transaction", &error))?;
            let began = Some(Instant::now());
            transaction = Transaction { open: true, first_line: line, began, records: 0, ..transaction };
        }
        transaction.records += u64::from(!dead_letter);
        self.transaction = Some(transaction);
        Ok(())
    }

    /// Whether the producer has transactions.
    #[must_use]
    pub fn is_transactional(&self) -> bool {
        self.transaction.is_some()
    }

    /// Whether a transaction is open.
    #[must_use]
    pub fn has_open_transaction(&self) -> bool {
        self.transaction.is_some_and(|transaction| transaction.open)
    }

    /// How many records the open transaction has, dead letters aside, and how long it has been open.
    #[must_use]
    pub fn open_transaction(&self) -> Option<(u64, Duration)> {
        let transaction = self.transaction.filter(|transaction| transaction.open)?;
        Some((transaction.records, transaction.began.map_or(Duration::ZERO, |began| began.elapsed())))
    }

    /// Waits for every acknowledgement and commits the open transaction. Without one, nothing happens.
    ///
    /// # Errors
    /// When a record of it was refused, or the coordinator does not commit; [`Producer::abort`] is then due.
    pub fn commit(&mut self) -> Result<(), KafkaError> {
        let what = "cannot commit the transaction";
        let Some(mut transaction) = self.transaction.filter(|transaction| transaction.open) else {
            return Ok(());
        };
        self.drain();
        if self.has_rejections() {
            let reason = "a record of it was not acknowledged".to_owned();
            return Err(if self.has_transient_rejections() {
                KafkaError::Failed { what: what.to_owned(), reason }
            } else {
                KafkaError::Refused { what: what.to_owned(), reason }
            });
        }
        let deadline = Instant::now() + self.delivery_timeout;
        while let Err(error) = self.inner.commit_transaction(ASK) {
            let try_again = matches!(&error, RdError::Transaction(error) if error.is_retriable());
            if !try_again || Instant::now() > deadline {
                transaction.in_doubt = try_again;
                self.transaction = Some(transaction);
                return Err(self.transaction_error(what, &error));
            }
        }
        self.transaction =
            Some(Transaction { sent: self.sent, letters: self.letters, ..Transaction::default() });
        Ok(())
    }

    /// Aborts the open transaction: what it had counts as never sent. Gives what is taken back, `None` without one.
    pub fn abort(&mut self) -> Option<RolledBack> {
        let transaction = self.transaction.filter(|transaction| transaction.open)?;
        let Transaction { first_line, records, in_doubt, sent, letters, .. } = transaction;
        self.purge();
        let deadline = Instant::now() + self.delivery_timeout.min(Duration::from_secs(10));
        // If it cannot be told, the cluster aborts the transaction when its time is over: no reader sees it either way.
        while let Err(RdError::Transaction(error)) = self.inner.abort_transaction(ASK) {
            if !error.is_retriable() || Instant::now() > deadline {
                break;
            }
        }
        let reports = self.inner.context();
        // No transaction was committed with a failure in it, so these are all of this one.
        reports.failed.store(0, Ordering::Relaxed);
        reports.failed_letters.store(0, Ordering::Relaxed);
        // What was purged was not refused by anyone.
        reports.rejections().retain(|(_, code)| !matches!(code, Code::PurgeQueue | Code::PurgeInflight));
        if let Some(receipts) = &reports.receipts {
            lock(receipts).clear();
        }
        (self.sent, self.letters) = (sent, letters);
        self.transaction = Some(Transaction { sent, letters, ..Transaction::default() });
        Some(RolledBack { first_line, records, in_doubt })
    }

    fn transaction_error(&self, what: &str, error: &RdError) -> KafkaError {
        let RdError::Transaction(error) = error else {
            return KafkaError::Failed { what: what.to_owned(), reason: error.to_string() };
        };
        match error.code() {
            // librdkafka's words say more than its code here.
            Code::State | Code::Fatal | Code::OperationTimedOut | Code::TimedOutQueue => {
                KafkaError::Failed { what: what.to_owned(), reason: words(error) }
            }
            code @ (Code::ProducerFenced | Code::Fenced | Code::InvalidProducerEpoch) => {
                KafkaError::Refused {
                    what: what.to_owned(),
                    reason: format!(
                        "{}: another producer has this transactional.id, or it took too long",
                        plain(code)
                    ),
                }
            }
            code => classify(code, what, self.config.user()),
        }
    }
}

fn words(error: &RDKafkaError) -> String {
    error.string().trim_end_matches('.').to_owned()
}
