//! `--each`: one execution for each JSON line, its fields as typed parameters.

use std::collections::BTreeMap;

use kch_cli::{Exit, Failure, Io, LineReader, MAX_LINE, Result};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::plan::{Text, take_stdin};
use crate::quoting::escape;
use crate::session::{Pairs, Query, Session};

/// Runs the statements once for each line of stdin.
pub(crate) async fn run(text: &Text, session: &mut Session, io: &mut Io) -> Result<Exit> {
    let statements = text.statements(true)?;
    if statements.iter().any(|statement| statement.kind.wants_stdin()) {
        return Err(Failure::usage(
            "--each: stdin has the parameters, so it cannot have the data of an INSERT",
        )
        .hint("INSERT INTO t VALUES ({id:UInt64}) takes them as parameters"));
    }
    let mut lines = LineReader::new(take_stdin(io, "--each")?, MAX_LINE);
    loop {
        let (number, params) = match lines.next_line() {
            Ok(None) => break,
            Ok(Some(line)) if line.bytes.trim_ascii().is_empty() => continue,
            Ok(Some(line)) => (line.number, params_of(line.bytes)),
            Err(error) => return Err(Failure::from(error).context("stdin")),
        };
        // After a signal stdin is at its end, and its last line may be a part of one.
        if let Some(exit) = io.signals.received() {
            return Ok(exit);
        }
        let located = |failure: Failure| {
            if failure.is_closed_pipe() { failure } else { failure.context(format!("stdin:{number}")) }
        };
        let params = params.map_err(|why| located(Failure::refused(why)))?;
        for statement in &statements {
            let query =
                Query { kind: statement.kind, params: params.clone(), ..Query::whole(statement.text) };
            let exit = session.run(query, io).await.map_err(located)?;
            if exit != Exit::Done {
                return Ok(exit);
            }
        }
    }
    Ok(io.signals.received().unwrap_or(Exit::Done))
}

fn params_of(line: &[u8]) -> std::result::Result<Pairs, String> {
    let fields: Fields<'_> =
        serde_json::from_slice(line).map_err(|error| format!("not a JSON object: {error}"))?;
    fields.into_iter().map(|(name, value)| Ok((name, text_of(value)?))).collect()
}

/// A JSON object whose numbers keep their digits.
type Fields<'a> = BTreeMap<String, &'a RawValue>;

/// The value as ClickHouse reads a parameter: a string with the escapes of a tab-separated field, a list as SQL's.
fn text_of(value: &RawValue) -> std::result::Result<String, String> {
    match value.get().as_bytes()[0] {
        b'n' => Ok("\\N".to_owned()),
        b'"' => string(value).map(|text| escape(&text)),
        _ => literal(value),
    }
}

/// The value inside a list or a map.
fn literal(value: &RawValue) -> std::result::Result<String, String> {
    let text = value.get();
    Ok(match text.as_bytes()[0] {
        b'n' => "NULL".to_owned(),
        b'"' => quoted(&string(value)?),
        b'[' => {
            let items: Vec<&RawValue> = parse(text)?;
            let items = items.into_iter().map(literal).collect::<std::result::Result<Vec<_>, _>>()?;
            format!("[{}]", items.join(","))
        }
        b'{' => {
            let fields: Fields<'_> = parse(text)?;
            let pair =
                |(name, value): (String, &RawValue)| Ok(format!("{}:{}", quoted(&name), literal(value)?));
            let pairs = fields.into_iter().map(pair).collect::<std::result::Result<Vec<_>, String>>()?;
            format!("{{{}}}", pairs.join(","))
        }
        _ => text.to_owned(),
    })
}

fn quoted(text: &str) -> String {
    format!("'{}'", escape(text).replace('\'', "\\'"))
}

fn string(value: &RawValue) -> std::result::Result<String, String> {
    parse(value.get())
}

fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> std::result::Result<T, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_become_parameters_with_their_type_kept() {
        let line = r#"{"id":9007199254740993,"s":"it's\ta\\b","n":null,"b":true,"a":["x'y",null,[1]],"m":{"k":1.50}}"#;
        let params = params_of(line.as_bytes()).unwrap();
        let text = |name: &str| params.iter().find(|(known, _)| known == name).unwrap().1.as_str();
        assert_eq!(text("id"), "9007199254740993");
        assert_eq!(text("s"), "it's\\ta\\\\b");
        assert_eq!(text("n"), "\\N");
        assert_eq!(text("b"), "true");
        assert_eq!(text("a"), "['x\\'y',NULL,[1]]");
        assert_eq!(text("m"), "{'k':1.50}");
        assert!(params_of(b"[1]").is_err());
    }
}
