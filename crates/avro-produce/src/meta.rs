//! Headers and time of a record: fixed ones from flags, and those out of fields.

use kch_avro::Plan;
use kch_cli::{Failure, Result};
use kch_kafka::{Header, OwnedHeaders};

use crate::fault::Fault;
use crate::fields::{Fields, Picked};

/// A header whose value is a field of the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeaderField {
    pub(crate) name: String,
    field: String,
}

impl HeaderField {
    /// Reads `NAME=FIELD`, or `FIELD`, which is its own name.
    pub(crate) fn parse(text: &str) -> HeaderField {
        let (name, field) = text.split_once('=').unwrap_or((text, text));
        HeaderField { name: name.to_owned(), field: field.to_owned() }
    }

    /// The header's value: the text of a scalar, JSON for the rest; `None` where the field is missing or null.
    pub(crate) fn value(&self, fields: Fields<'_>) -> std::result::Result<Option<Vec<u8>>, Fault> {
        let fault = |got: &str| Fault::Field {
            what: "header field",
            field: self.field.clone(),
            expected: "a field of a JSON object",
            got: got.to_owned(),
        };
        let picked = match fields.pick(&self.field).map_err(fault)? {
            None | Some(Picked::Null) => return Ok(None),
            Some(picked) => picked,
        };
        let mut value = Vec::new();
        if picked.append_text(&mut value).is_err() {
            picked.append_json(&mut value);
        }
        Ok(Some(value))
    }

    /// Refuses a field that the schema lacks, since a line that has it is refused too.
    ///
    /// # Errors
    /// A usage failure with the nearest name.
    pub(crate) fn ensure_known(&self, plan: &Plan) -> Result<()> {
        let name = self.field.split('.').next().unwrap_or_default();
        let Some(fields) = plan.record_fields() else { return Ok(()) };
        if fields.iter().any(|field| field.name == name) {
            return Ok(());
        }
        let failure =
            Failure::usage(format!("--header-field {}: the schema has no field {name:?}", self.field));
        Err(match kch_cli::nearest(name, fields.iter().map(|field| field.name)) {
            Some(nearest) => failure.hint(format!("did you mean {nearest:?}?")),
            None => failure.hint("--unknown ignore lets lines have fields that the schema lacks"),
        })
    }
}

/// The field that a record's time comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TimeField {
    field: String,
    /// How many of the field's units are a millisecond.
    units: i64,
}

impl TimeField {
    /// The unit of numbers comes from the schema's field, and is a millisecond where it says nothing.
    pub(crate) fn new(field: &str, plan: Option<&Plan>) -> TimeField {
        let fields = plan.and_then(Plan::record_fields).unwrap_or_default();
        let type_name = fields.iter().find(|info| info.name == field).map_or("", |info| info.type_name);
        let units = match type_name {
            name if name.contains("micros") => 1_000,
            name if name.contains("nanos") => 1_000_000,
            _ => 1,
        };
        TimeField { field: field.to_owned(), units }
    }

    /// Milliseconds since 1970; `None` when the field is null.
    pub(crate) fn of(&self, fields: Fields<'_>) -> std::result::Result<Option<i64>, Fault> {
        let fault = |got: &str| Fault::Field {
            what: "timestamp field",
            field: self.field.clone(),
            expected: "RFC 3339 or a number",
            got: got.chars().take(40).collect(),
        };
        let picked = fields.pick(&self.field).map_err(fault)?.ok_or_else(|| fault("no value"))?;
        let (Picked::Json(text) | Picked::Text(text)) = picked else { return Ok(None) };
        let plain = text.trim_matches('"');
        let is_number = plain.len() == text.len();
        let millis = match plain.parse::<i64>() {
            Ok(number) if is_number => Some(number.div_euclid(self.units)),
            _ => parse_time(plain),
        };
        Fault::ensure_sendable(millis.ok_or_else(|| fault(text))?).map(Some)
    }
}

/// RFC 3339; a time without a zone is UTC.
fn parse_time(text: &str) -> Option<i64> {
    let zoned = text.parse::<jiff::Timestamp>().ok();
    let local = || text.parse::<jiff::civil::DateTime>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok();
    zoned.or_else(|| local().map(|zoned| zoned.timestamp())).map(jiff::Timestamp::as_millisecond)
}

/// The headers of `-H KEY=VALUE`.
///
/// # Errors
/// A usage failure for one without `=`.
pub(crate) fn parse_headers(pairs: &[String]) -> Result<Option<OwnedHeaders>> {
    if pairs.is_empty() {
        return Ok(None);
    }
    let mut headers = OwnedHeaders::new_with_capacity(pairs.len());
    for pair in pairs {
        let (key, value) =
            pair.split_once('=').ok_or_else(|| Failure::usage(format!("-H {pair}: expected KEY=VALUE")))?;
        headers = headers.insert(Header { key, value: Some(value) });
    }
    Ok(Some(headers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_rfc_3339_or_a_number_in_the_fields_unit() {
        let schema = r#"{"type":"record","name":"E","fields":[{"name":"us","type":["null",{"type":"long","logicalType":"timestamp-micros"}]},
            {"name":"t","type":"string"},{"name":"n","type":"long"}]}"#;
        let plan = Plan::compile(schema).unwrap();
        let of = |field: &str, line: &str| {
            TimeField::new(field, Some(&plan))
                .of(Fields::Json(line.as_bytes()))
                .map_err(|fault| fault.failure().text().to_owned())
        };
        assert_eq!(of("t", r#"{"t":"2026-11-22T10:00:00.123Z"}"#), Ok(Some(1_795_341_600_123)));
        assert_eq!(of("t", r#"{"t":"2026-11-22T11:00:00.123+01:00"}"#), Ok(Some(1_795_341_600_123)));
        assert_eq!(of("t", r#"{"t":"2026-11-22T10:00:00.123"}"#), Ok(Some(1_795_341_600_123)));
        assert_eq!(of("n", r#"{"n":1795341600123}"#), Ok(Some(1_795_341_600_123)));
        assert_eq!(of("us", r#"{"us":-1}"#), Ok(Some(-1)));
        assert_eq!(of("us", r#"{"us":1795341600123999}"#), Ok(Some(1_795_341_600_123)));
        assert_eq!(of("us", r#"{"us":null}"#), Ok(None));
        assert_eq!(
            of("t", r#"{"t":"yesterday"}"#),
            Err(r#"timestamp field "t": expected RFC 3339 or a number, found "yesterday""#.to_owned())
        );
        let zero = "timestamp 1970-01-01T00:00:00Z cannot be sent: to librdkafka, 0 is the time of sending";
        assert_eq!(of("us", r#"{"us":999}"#), Err(zero.to_owned()));
        assert!(of("t", "{}").unwrap_err().ends_with("found no value"));
    }

    #[test]
    fn a_header_out_of_a_field_is_its_text_or_its_json() {
        let line = Fields::Json(br#"{"a":"x y","b":{"c":[1]},"n":null,"f":1.50}"#);
        let value = |text: &str| {
            HeaderField::parse(text).value(line).unwrap().map(|value| String::from_utf8(value).unwrap())
        };
        assert_eq!(value("h=a").as_deref(), Some("x y"));
        assert_eq!(value("b").as_deref(), Some(r#"{"c":[1]}"#));
        assert_eq!(value("b.c").as_deref(), Some("[1]"));
        assert_eq!(value("f").as_deref(), Some("1.50"));
        assert_eq!((value("n"), value("missing")), (None, None));
        assert_eq!(HeaderField::parse("h=a").name, "h");
    }
}
