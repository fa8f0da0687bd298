//! One field of each row (`-q`), for scripts: `version=$(sr get orders-value -q version)`.
//!
//! A field that no row has is a slip, but one that is seen only when something is printed, and then the work is done or
//! half done: it never ends the work, and is told when that has ended, or pauses: a stream may have no end.

use serde_json::Value;

use crate::{Exit, Failure, Messages, nearest};

/// The path of a field, as typed: `id`, `config.retention.ms`, `fields.0.name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field(pub(crate) String);

impl Field {
    /// The lines that a row adds: the field of it, empty where it has none. `sought` remembers whether any row of the run
    /// had it: before one has, the empty lines wait, since there may be no such field at all.
    pub(crate) fn lines(&self, row: &Value, sought: &mut Sought) -> Vec<String> {
        let Some(found) = inside(row, &self.0) else {
            match sought {
                Sought::Found => return vec![String::new()],
                Sought::Missing { waiting, .. } => *waiting += 1,
                Sought::NotYet => {
                    *sought = Sought::Missing { failure: self.unknown(row), waiting: 1, is_told: false };
                }
            }
            return Vec::new();
        };
        let waiting = match std::mem::replace(sought, Sought::Found) {
            Sought::Missing { waiting, .. } => waiting,
            Sought::NotYet | Sought::Found => 0,
        };
        let mut lines = vec![String::new(); waiting];
        lines.push(plain(found));
        lines
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

/// What became of the field that was asked for, over all rows that a run prints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sought {
    /// No row was printed yet.
    #[default]
    NotYet,
    /// No row had it so far.
    Missing {
        /// What is to be said of the first one.
        failure: Failure,
        /// How many there were.
        waiting: usize,
        /// Whether it was said while the work went on.
        is_told: bool,
    },
    /// A row had it.
    Found,
}

impl Sought {
    /// How a run ends that ended with `exit` otherwise, and what it must say: a usage failure where no row had the field.
    pub(crate) fn end(&self, exit: Exit) -> (Exit, Option<&Failure>) {
        match self {
            Sought::Missing { failure, is_told, .. } => {
                let exit = if exit == Exit::Done { failure.exit() } else { exit };
                (exit, Some(failure).filter(|_| !is_told))
            }
            Sought::NotYet | Sought::Found => (exit, None),
        }
    }

    /// Says it while the work goes on, once.
    pub(crate) fn tell(&mut self, messages: &mut Messages) {
        if let Sought::Missing { failure, is_told, .. } = self
            && !std::mem::replace(is_told, true)
        {
            messages.say(&format!("{} so far", failure.text()));
            failure.hint_text().into_iter().for_each(|hint| messages.hint(hint));
        }
    }
}

/// As text: a string is itself, null is empty, all else is JSON.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
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

    fn sought(rows: &[Value], path: &str) -> (Vec<String>, Sought) {
        let (field, mut sought) = (Field(path.to_owned()), Sought::default());
        (rows.iter().flat_map(|row| field.lines(row, &mut sought)).collect(), sought)
    }

    fn found(rows: &[Value], path: &str) -> Vec<String> {
        sought(rows, path).0
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
        assert!(found(&[], "f").is_empty());
    }

    #[test]
    fn a_field_of_some_rows_only_is_empty_in_the_others() {
        for rows in [[json!({"f": 1}), json!({})], [json!({}), json!({"f": 1})]] {
            let (lines, sought) = sought(&rows, "f");
            assert_eq!((lines.len(), lines.concat().as_str()), (2, "1"));
            assert_eq!(sought.end(Exit::Done), (Exit::Done, None));
        }
        assert_eq!(sought(&[], "f").1.end(Exit::Done), (Exit::Done, None));
    }

    #[test]
    fn an_unknown_field_changes_only_how_a_good_run_ends() {
        let (lines, sought) = sought(&[json!({"e": 1}), json!({"e": 2})], "f");
        assert!(lines.is_empty(), "{lines:?}");
        for exit in [Exit::Refused, Exit::Unavailable, Exit::Interrupted] {
            assert_eq!(sought.end(exit).0, exit);
        }
        assert_eq!(sought.end(Exit::Done).0, Exit::Usage);
        assert_eq!(sought.end(Exit::Done).1.unwrap().text(), "-q f: there is no such field");
    }

    #[test]
    fn a_stream_is_told_once_that_no_row_so_far_had_the_field() {
        let messages = || Messages::new("tool", std::io::sink());
        let (_, mut sought) = sought(&[json!({"e": 1})], "f");
        sought.tell(&mut messages());
        sought.tell(&mut messages());
        assert_eq!(sought.end(Exit::Done), (Exit::Usage, None));
        let lines = Field("f".to_owned()).lines(&json!({"f": 2}), &mut sought);
        assert_eq!(
            (lines, sought.end(Exit::Done)),
            (vec![String::new(), "2".to_owned()], (Exit::Done, None))
        );
    }

    #[test]
    fn an_unknown_field_is_told_with_those_there_are() {
        let failure = |path: &str| {
            let (_, sought) = sought(&[json!({"subject": "s", "config": {"a.b": 1}})], path);
            let failure = sought.end(Exit::Done).1.unwrap().clone();
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
