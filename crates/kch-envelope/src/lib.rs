//! A Kafka record as one JSON object: the value and the key decoded with the registry's schemas, the rest as it is.
//!
//! `avro-consume` prints records with it, and `connect-ctl` the dead letters of a connector; `avro-produce --envelope`
//! reads them back.
//!
//! The constraint it keeps: nothing of a record is lost, and one that cannot be decoded is a [`Fault`] of that record, never
//! the end of the run.

#![deny(missing_docs)]

mod codec;
mod envelope;
mod headers;
mod stamp;

pub use codec::{Codec, Fault, Kind, KnownSchema, first_bytes};
pub use envelope::{Envelope, Ids, KeyFormat, string};
pub use headers::for_each_header;
pub use stamp::Stamp;
