//! A record's headers. librdkafka's wrapper panics at a name that is not UTF-8; a record must not end the run.

use std::panic::{AssertUnwindSafe, catch_unwind};

use kch_avro::frame::{self, SchemaRef};
use kch_kafka::{BorrowedMessage, Headers as _, Message as _};

use crate::envelope::{string, text_or_base64};
use crate::{Fault, Kind};

/// Where newer clients of Confluent's put the value's schema.
pub(crate) const VALUE_SCHEMA: &str = "__value_schema_id";
/// And the key's.
pub(crate) const KEY_SCHEMA: &str = "__key_schema_id";

/// Calls `each` with the name and value of every header.
///
/// # Errors
/// A [`Fault::Record`] when a name is not UTF-8; `each` was called for those before it.
pub fn for_each_header(
    record: &BorrowedMessage<'_>,
    mut each: impl FnMut(&str, Option<&[u8]>),
) -> Result<(), Fault> {
    let Some(headers) = record.headers() else { return Ok(()) };
    let calls = || headers.iter().for_each(|header| each(header.key, header.value));
    catch_unwind(AssertUnwindSafe(calls))
        .map_err(|_| Fault::Record(Kind::Headers, "the name of a header is not UTF-8".to_owned()))
}

/// The schema that a header of this name tells, the last one if there are several.
pub(crate) fn schema_in(record: &BorrowedMessage<'_>, name: &str) -> Option<SchemaRef> {
    let mut found = None;
    // Headers that cannot be read say nothing; whoever prints them says why.
    let _ = for_each_header(record, |header, value| {
        if header == name
            && let Some(Ok((schema, []))) = value.map(frame::read_any)
        {
            found = Some(schema);
        }
    });
    found
}

/// Appends `,"headers":[…]` without those of the names in `hidden`.
pub(crate) fn print(
    record: &BorrowedMessage<'_>,
    hidden: &[Option<&str>],
    out: &mut Vec<u8>,
) -> Result<(), Fault> {
    let before = out.len();
    out.extend_from_slice(b",\"headers\":[");
    let start = out.len();
    let printed = for_each_header(record, |name, value| {
        if hidden.contains(&Some(name)) {
            return;
        }
        out.extend_from_slice(if out.len() == start { b"{\"key\":" } else { b",{\"key\":" });
        string(name, out);
        out.extend_from_slice(b",\"value\":");
        text_or_base64(value, out);
        out.push(b'}');
    });
    out.push(b']');
    printed.inspect_err(|_| out.truncate(before))
}
