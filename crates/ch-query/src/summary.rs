//! `X-ClickHouse-Summary`: what the server says it has read and written.

use http::HeaderMap;
use serde_json::{Map, Value};

/// The numbers that are the same in all versions of the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) read_rows: Option<u64>,
    pub(crate) read_bytes: Option<u64>,
    pub(crate) written_rows: Option<u64>,
    pub(crate) written_bytes: Option<u64>,
}

impl Summary {
    pub(crate) fn from_headers(headers: &HeaderMap) -> Option<Summary> {
        let text = headers.get("x-clickhouse-summary")?.as_bytes();
        let fields: Map<String, Value> = serde_json::from_slice(text).ok()?;
        let number = |name: &str| match fields.get(name)? {
            Value::String(text) => text.parse().ok(),
            number => number.as_u64(),
        };
        Some(Summary {
            read_rows: number("read_rows"),
            read_bytes: number("read_bytes"),
            written_rows: number("written_rows"),
            written_bytes: number("written_bytes"),
        })
    }

    /// Puts the numbers into a line of `--stats`.
    pub(crate) fn add_to(self, line: &mut Map<String, Value>) {
        let numbers = [
            ("read_rows", self.read_rows),
            ("read_bytes", self.read_bytes),
            ("written_rows", self.written_rows),
            ("written_bytes", self.written_bytes),
        ];
        line.extend(numbers.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into()))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_as_strings_or_numbers_and_may_be_missing() {
        let mut headers = HeaderMap::new();
        assert_eq!(Summary::from_headers(&headers), None);
        let text = r#"{"read_rows":"2","written_rows":3,"elapsed_ns":"1"}"#;
        headers.insert("x-clickhouse-summary", text.parse().unwrap());
        let summary = Summary::from_headers(&headers).unwrap();
        assert_eq!((summary.read_rows, summary.written_rows, summary.read_bytes), (Some(2), Some(3), None));
    }
}
