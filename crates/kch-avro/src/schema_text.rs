//! The text of a schema as JSON.

use serde_json::Value;

use crate::error::SchemaError;
use crate::names::is_primitive;

/// Levels of JSON that a schema may nest; serde_json reads no more.
pub(crate) const SCHEMA_DEPTH: usize = 127;

/// The JSON of a schema text, read as [`crate::Plan::compile`] reads it: comments (`//` and `/* */`, which Java's
/// parser takes too) are blank, and a bare `string`, as the registry's tools write it, is `"string"`. Whether that JSON is a
/// schema is not looked at.
///
/// # Errors
/// When the text is no JSON, or nests too deep.
pub fn schema_json(text: &str) -> Result<Value, SchemaError> {
    let text = without_comments(text)?;
    let bare = text.trim();
    if is_primitive(bare) && bare != "null" {
        return Ok(Value::String(bare.to_owned()));
    }
    serde_json::from_str(&text).map_err(|e| SchemaError::Json { reason: e.to_string() })
}

/// The text with its comments blanked, so that lines and columns stay. Also checks how deep it nests.
///
/// # Errors
/// [`SchemaError::TooDeep`].
pub fn without_comments(text: &str) -> Result<String, SchemaError> {
    let mut out = String::with_capacity(text.len());
    let (mut depth, mut in_string) = (0usize, false);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let comment = match (in_string, rest) {
            (false, rest) if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            (false, rest) if rest.starts_with("/*") => rest[2..].find("*/").map_or(rest.len(), |end| end + 4),
            _ => 0,
        };
        if comment > 0 {
            out.extend(rest[..comment].chars().map(|c| if c == '\n' { c } else { ' ' }));
            rest = &rest[comment..];
            continue;
        }
        let mut taken = c.len_utf8();
        match c {
            '\\' if in_string => taken += rest[1..].chars().next().map_or(0, char::len_utf8),
            '"' => in_string = !in_string,
            '{' | '[' if !in_string => depth += 1,
            '}' | ']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > SCHEMA_DEPTH {
            return Err(SchemaError::TooDeep { limit: SCHEMA_DEPTH });
        }
        out.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    Ok(out)
}
