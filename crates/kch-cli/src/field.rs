//! One field of each row (`-q`), for scripts: `version=$(sr get orders-value -q version)`.

use serde_json::Value;

use crate::{Failure, nearest};

/// The path of a field, as typed: `id`, `config.retention.ms`, `fields.0.name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field(pub(crate) String);

impl Field {
    /// The field of each row; `None` where another row has it and this one has not.
    ///
    /// # Errors
    /// A usage failure when no row has it.
    pub(crate) fn of<'r>(&self, rows: &'r [Value]) -> Result<Vec<Option<&'r Value>>, Failure> {
        let found: Vec<_> = rows.iter().map(|row| inside(row, &self.0)).collect();
        match rows.first() {
            Some(row) if found.iter().all(Option::is_none) => Err(self.unknown(row)),
            _ => Ok(found),
        }
    }

    fn unknown(&self, row: &Value) -> Failure {
        let there_are = names(row, &self.0);
        let text = format!("-q {}: there is no such field", self.0);
        match nearest(&self.0, there_are.iter().map(String::as_str)) {
            Some(near) => Failure::usage(text).hint(format!("did you mean {near}?")),
            None if there_are.is_empty() => Failure::usage(text).hint("it is looked for in an object"),
            None => Failure::usage(text).hint(format!("there are {}", there_are.join(", "))),
        }
    }
}

/// As text: a string is itself, null and what is not there are empty, all else is JSON.
pub(crate) fn plain(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// The value at a path. A name may hold dots itself, as settings of Kafka do.
fn inside<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    if let Some(found) = child(value, path) {
        return Some(found);
    }
    path.match_indices('.').find_map(|(dot, _)| inside(child(value, &path[..dot])?, &path[dot + 1..]))
}

fn child<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    match value {
        Value::Object(fields) => fields.get(name),
        Value::Array(items) => items.get(name.parse::<usize>().ok()?),
        _ => None,
    }
}

/// The paths that could stand for a path that leads nowhere: as far as it leads, and each name there.
fn names(value: &Value, path: &str) -> Vec<String> {
    let deeper = path.match_indices('.').find_map(|(dot, _)| Some((child(value, &path[..dot])?, dot)));
    if let Some((inner, dot)) = deeper.filter(|(inner, _)| inner.is_object() || inner.is_array()) {
        let (before, after) = (&path[..dot], &path[dot + 1..]);
        return names(inner, after).into_iter().map(|name| format!("{before}.{name}")).collect();
    }
    match value {
        Value::Object(fields) => fields.keys().cloned().collect(),
        Value::Array(items) => (0..items.len()).map(|index| index.to_string()).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(rows: &[Value], path: &str) -> Vec<String> {
        Field(path.to_owned()).of(rows).unwrap().into_iter().map(plain).collect()
    }

    #[test]
    fn a_path_leads_into_objects_and_arrays_and_names_may_hold_dots() {
        let row = json!({"a": {"b.c": 1, "d": ["x", {"e": null}]}, "f": "y"});
        let rows = std::slice::from_ref(&row);
        assert_eq!(found(rows, "f"), ["y"]);
        assert_eq!(found(rows, "a.b.c"), ["1"]);
        assert_eq!(found(rows, "a.d.0"), ["x"]);
        assert_eq!(found(rows, "a.d.1.e"), [""]);
        assert_eq!(found(rows, "a.d"), [r#"["x",{"e":null}]"#]);
        assert_eq!(found(&[json!({"f": 1}), json!({})], "f"), ["1", ""]);
        assert!(found(&[], "f").is_empty());
    }

    #[test]
    fn an_unknown_field_is_told_with_those_there_are() {
        let failure = |path: &str| {
            let failure =
                Field(path.to_owned()).of(&[json!({"subject": "s", "config": {"a.b": 1}})]).unwrap_err();
            (failure.text().to_owned(), failure.hint_text().unwrap_or_default().to_owned())
        };
        assert_eq!(failure("subjct").1, "did you mean subject?");
        assert_eq!(failure("config.a.c").1, "did you mean config.a.b?");
        let (text, hint) = failure("id");
        assert_eq!(
            (text.as_str(), hint.as_str()),
            ("-q id: there is no such field", "there are subject, config")
        );
    }
}
