//! `--table NAME`: stdin's JSON lines as a table that a query can read, sent along with it.
//!
//! ClickHouse takes such a table as a part of a form (RFC 7578): the query is one field, the lines are a file.

use bytes::Bytes;
use kch_cli::{Exit, Failure, Io, Result};
use serde_json::Value;
use uuid::Uuid;

use crate::session::{Pairs, Session};
use crate::upload::Upload;

/// How much is looked at to find the columns: less than the 256 KiB that a query may have.
const SAMPLE: usize = 128 << 10;

/// The table of a query.
#[derive(Clone, Debug)]
pub(crate) struct External {
    name: String,
    structure: String,
    boundary: String,
}

impl External {
    pub(crate) fn new(name: &str, structure: String) -> Result<External> {
        let sound = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !sound || name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
            let why = format!("--table {name}: a table on stdin is named with letters, digits and _");
            return Err(Failure::usage(why));
        }
        Ok(External { name: name.to_owned(), structure, boundary: Uuid::new_v4().simple().to_string() })
    }

    /// The table with the columns that ClickHouse sees in the first lines of the upload.
    pub(crate) async fn infer(
        name: &str,
        upload: &mut Upload,
        session: &mut Session,
        io: &mut Io,
    ) -> Result<std::result::Result<External, Exit>> {
        let sample = upload.first_lines(SAMPLE).await;
        let sample = sample.map_err(|error| Failure::refused(format!("cannot read stdin: {error}")))?;
        if sample.trim_ascii().is_empty() {
            let why = "--table: stdin has no lines, so its columns are not known";
            return Err(Failure::refused(why).hint("give them: --structure 'id UInt64, name String'"));
        }
        // As a heredoc with a name that is not in the data: nothing in them can end it.
        let tag = format!("sample{}", Uuid::new_v4().simple());
        let sample = String::from_utf8_lossy(&sample);
        let sql = format!("DESCRIBE TABLE format(JSONEachRow, ${tag}${sample}${tag}$)");
        let answer = match session.ask(&sql, "JSONEachRow", Vec::new(), io).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(exit)) => return Ok(Err(exit)),
            Err(failure) => return Err(failure.context("the columns of stdin's lines cannot be inferred")),
        };
        let columns: Vec<String> = answer.lines().filter_map(column).collect();
        External::new(name, columns.join(", ")).map(Ok)
    }

    pub(crate) fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    pub(crate) fn parameters(&self) -> Pairs {
        let name = &self.name;
        [
            (format!("{name}_format"), "JSONEachRow".into()),
            (format!("{name}_structure"), self.structure.clone()),
        ]
        .into()
    }

    /// What stands before the lines and behind them.
    pub(crate) fn frame(&self, sql: &[u8]) -> (Bytes, Bytes) {
        let External { name, boundary, .. } = self;
        let mut head =
            format!("--{boundary}\r\nContent-Disposition: form-data; name=\"query\"\r\n\r\n").into_bytes();
        head.extend_from_slice(sql);
        let file = format!(
            "\r\n--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"stdin\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        head.extend_from_slice(file.as_bytes());
        (head.into(), format!("\r\n--{boundary}--\r\n").into())
    }
}

/// "`name` Type" of a row of DESCRIBE.
fn column(row: &str) -> Option<String> {
    let row: Value = serde_json::from_str(row).ok()?;
    let (name, kind) = (row.get("name")?.as_str()?, row.get("type")?.as_str()?);
    let kind = kind.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(format!("{} {kind}", crate::quoting::quote(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_stand_between_head_and_tail_of_a_form() {
        let table = External::new("ids", "id Int8".into()).unwrap();
        let (head, tail) = table.frame(b"SELECT 1");
        let text = format!("{}LINES{}", String::from_utf8_lossy(&head), String::from_utf8_lossy(&tail));
        let text = text.replace(&table.boundary, "B");
        assert_eq!(
            text,
            "--B\r\nContent-Disposition: form-data; name=\"query\"\r\n\r\nSELECT 1\r\n--B\r\n\
             Content-Disposition: form-data; name=\"ids\"; filename=\"stdin\"\r\n\
             Content-Type: application/octet-stream\r\n\r\nLINES\r\n--B--\r\n"
        );
        assert!(External::new("a-b", String::new()).is_err() && External::new("1a", String::new()).is_err());
    }

    #[test]
    fn a_column_keeps_its_name_and_its_type_on_one_line() {
        let row = r#"{"name":"a`b","type":"Tuple(\n    a Nullable(Int64))"}"#;
        assert_eq!(column(row).unwrap(), "`a\\`b` Tuple( a Nullable(Int64))");
    }
}
