//! All partitions as one stream, the oldest record first.
//!
//! Each partition has a queue of its own in librdkafka, bounded by it; of each only the first record is held here.

use std::time::{Duration, Instant};

use rdkafka::error::KafkaError as RdError;
use rdkafka::message::{BorrowedMessage, Message as _};

use super::{Consumer, Next, PAUSE};
use crate::KafkaError;

/// Records in the order of their timestamps; those of one partition stay in the order of their offsets.
pub struct Merge<'c> {
    consumer: &'c Consumer,
    heads: Vec<Option<BorrowedMessage<'c>>>,
}

impl std::fmt::Debug for Merge<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Merge").field("consumer", self.consumer).finish_non_exhaustive()
    }
}

impl Consumer {
    /// The records in the order of their timestamps. Only for a consumer that was made for it and has an end.
    #[must_use]
    pub fn by_time(&self) -> Merge<'_> {
        Merge { consumer: self, heads: self.queues.iter().map(|_| None).collect() }
    }
}

impl<'c> Merge<'c> {
    /// The next record, waiting at most `wait` for it.
    ///
    /// # Errors
    /// As [`Consumer::next`].
    pub fn next(&mut self, wait: Duration) -> Result<Next<'c>, KafkaError> {
        let deadline = Instant::now() + wait;
        while !self.fill()? {
            // Serves callbacks; records come through the queues.
            if let Some(Err(error)) = self.consumer.inner.poll(Duration::ZERO) {
                self.consumer.poll_error(&error)?;
            }
            if Instant::now() >= deadline {
                self.consumer.ensure_reachable()?;
                return Ok(Next::Idle);
            }
            std::thread::sleep(PAUSE);
        }
        let age = |head: &BorrowedMessage<'_>| head.timestamp().to_millis().unwrap_or(-1);
        let oldest =
            self.heads.iter().enumerate().filter_map(|(slot, head)| Some((age(head.as_ref()?), slot)));
        match oldest.min().and_then(|(_, slot)| Some((slot, self.heads[slot].take()?))) {
            Some((slot, record)) => Ok(Next::Record(slot, record)),
            None => Ok(Next::End),
        }
    }

    /// Looks for the first record of each partition; false while one that has not ended shows none.
    fn fill(&mut self) -> Result<bool, KafkaError> {
        let consumer = self.consumer;
        for (slot, head) in self.heads.iter_mut().enumerate() {
            while head.is_none() && !consumer.progress.borrow().partitions[slot].done {
                match consumer.queues[slot].poll(Duration::ZERO) {
                    None => return Ok(false),
                    Some(Ok(record)) => {
                        if consumer.progress.borrow_mut().accept(slot, record.offset()) {
                            *head = Some(record);
                        }
                    }
                    Some(Err(RdError::PartitionEOF(_))) => consumer.progress.borrow_mut().reached_end(slot),
                    Some(Err(error)) => consumer.poll_error(&error)?,
                }
            }
        }
        Ok(true)
    }
}
