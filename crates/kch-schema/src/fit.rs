//! Whether a default fits its type, by the specification's table of JSON forms: bytes and fixed as text of characters up to
//! U+00FF, a union's value in the form of its first branch.

use serde_json::Value;

use crate::{Kind, NodeId, Schema};

/// Types inside one another in a default, each record filled from its fields' own defaults.
const DEEPEST: usize = 64;

/// Values that are looked at in all. Records that hold each other, in unions with defaults, would else be tried for ever.
const MOST_VALUES: usize = 100_000;

/// Why a default does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unfit {
    /// Keys and indices down to the value at fault.
    pub(crate) path: String,
    /// What belongs there.
    pub(crate) expected: String,
    /// The branch that would take it, if it is only not the first.
    pub(crate) other_branch: Option<String>,
}

/// Whether `value` is a default for this type.
pub(crate) fn fit(schema: &Schema, id: NodeId, value: &Value) -> Result<(), Unfit> {
    Walk { schema, left: MOST_VALUES }.fit(id, value, "", 0)
}

struct Walk<'s> {
    schema: &'s Schema,
    /// Values that may still be looked at.
    left: usize,
}

impl Walk<'_> {
    fn fit(&mut self, id: NodeId, value: &Value, path: &str, depth: usize) -> Result<(), Unfit> {
        let schema = self.schema;
        let unfit = |expected: String| Err(Unfit { path: path.to_owned(), expected, other_branch: None });
        if depth > DEEPEST || self.left == 0 {
            return unfit("a default that ends".to_owned());
        }
        self.left -= 1;
        let good = match (schema.kind(id), value) {
            (Kind::Null, Value::Null) | (Kind::Boolean, Value::Bool(_)) => true,
            (Kind::Int, Value::Number(number)) => number.as_i64().is_some_and(|n| i32::try_from(n).is_ok()),
            (Kind::Long, Value::Number(number)) => number.as_i64().is_some(),
            (Kind::Float | Kind::Double, Value::Number(_)) | (Kind::String, Value::String(_)) => true,
            (Kind::Bytes, Value::String(text)) => is_latin1(text),
            (Kind::Fixed { size, .. }, Value::String(text)) => {
                is_latin1(text) && text.chars().count() == *size
            }
            (Kind::Enum { symbols, .. }, Value::String(text)) => symbols.contains(text),
            (Kind::Array(items), Value::Array(values)) => {
                for (index, value) in values.iter().enumerate() {
                    self.fit(*items, value, &format!("{path}/{index}"), depth + 1)?;
                }
                true
            }
            (Kind::Map(inner), Value::Object(entries)) => {
                for (key, value) in entries {
                    self.fit(*inner, value, &format!("{path}/{key}"), depth + 1)?;
                }
                true
            }
            (Kind::Record { fields, .. }, Value::Object(entries)) => {
                for field in fields {
                    let path = format!("{path}/{}", field.name);
                    match entries.get(&field.name).or(field.default.as_ref()) {
                        Some(value) => self.fit(field.node, value, &path, depth + 1)?,
                        None => {
                            let expected = format!("{}, and it is not there", schema.title(field.node));
                            return Err(Unfit { path, expected, other_branch: None });
                        }
                    }
                }
                true
            }
            (Kind::Union(branches), value) => return self.union(branches, value, path, depth),
            _ => false,
        };
        if good { Ok(()) } else { unfit(schema.title(id)) }
    }

    /// A union's default is for its first branch; what fits another one is told as such.
    fn union(&mut self, branches: &[NodeId], value: &Value, path: &str, depth: usize) -> Result<(), Unfit> {
        let Some((&first, others)) = branches.split_first() else {
            let expected = "a branch, and the union has none".to_owned();
            return Err(Unfit { path: path.to_owned(), expected, other_branch: None });
        };
        let Err(mut unfit) = self.fit(first, value, path, depth + 1) else { return Ok(()) };
        let taken = others.iter().find(|&&branch| self.fit(branch, value, path, depth + 1).is_ok());
        if let Some(&branch) = taken {
            unfit = Unfit {
                path: path.to_owned(),
                expected: self.schema.title(first),
                other_branch: Some(self.schema.title(branch)),
            };
        }
        Err(unfit)
    }
}

fn is_latin1(text: &str) -> bool {
    text.chars().all(|c| u32::from(c) < 256)
}
