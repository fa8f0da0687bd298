//! Names of types, and the namespaces that they stand in.
//!
//! Source: the Avro specification, "Names". None but [`is_name`] looks whether a name is well formed: registries hold schemas
//! whose names are not.

use serde_json::{Map, Value};

use crate::schema_text::schema_json;

/// The names of the primitive types, which no other type may have.
pub const PRIMITIVES: [&str; 8] = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];

/// Whether this names a primitive type.
#[must_use]
pub fn is_primitive(name: &str) -> bool {
    PRIMITIVES.contains(&name)
}

/// Whether this is a name as the specification has it: a letter or `_`, then letters, digits and `_`. A full name is several of
/// them with dots between.
#[must_use]
pub fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The full name that `name` stands for inside of `namespace`. One with a dot is full already; a dot in front says that it
/// is in no namespace, as an empty `namespace` does.
///
/// ```
/// use kch_avro::names::qualified;
///
/// assert_eq!(qualified("Money", "shop"), "shop.Money");
/// assert_eq!(qualified("bank.Money", "shop"), "bank.Money");
/// assert_eq!(qualified(".Money", "shop"), "Money");
/// ```
#[must_use]
pub fn qualified(name: &str, namespace: &str) -> String {
    if name.contains('.') || namespace.is_empty() {
        name.trim_start_matches('.').to_owned()
    } else {
        format!("{namespace}.{name}")
    }
}

/// The namespace of a full name; empty for a name in none.
#[must_use]
pub fn namespace_of(full: &str) -> &str {
    full.rsplit_once('.').map_or("", |(namespace, _)| namespace)
}

/// A full name without its namespace.
#[must_use]
pub fn short(full: &str) -> &str {
    full.rsplit_once('.').map_or(full, |(_, short)| short)
}

/// The full name of the record, enum or fixed that an object of a schema defines inside of `namespace`; none for other types, and
/// for one without a name.
#[must_use]
pub fn defined_name(object: &Map<String, Value>, namespace: &str) -> Option<String> {
    let text = |key: &str| object.get(key).and_then(Value::as_str);
    let is_named = matches!(text("type")?, "record" | "error" | "enum" | "fixed");
    let name = text("name").filter(|name| is_named && !name.is_empty())?;
    Some(qualified(name, text("namespace").unwrap_or(namespace)))
}

/// The full name of the record, enum or fixed that a schema's text defines. Text that is no schema defines none.
#[must_use]
pub fn name_of(schema: &str) -> Option<String> {
    defined_name(schema_json(schema).ok()?.as_object()?, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_is_in_its_own_namespace_in_that_of_its_name_or_in_the_one_around_it() {
        let name = |text: &str| defined_name(schema_json(text).unwrap().as_object().unwrap(), "around");
        for (schema, full) in [
            (r#"{"type":"record","name":"R"}"#, Some("around.R")),
            (r#"{"type":"enum","name":"R","namespace":"own"}"#, Some("own.R")),
            (r#"{"type":"fixed","name":"R","namespace":""}"#, Some("R")),
            (r#"{"type":"error","name":"a.R","namespace":"own"}"#, Some("a.R")),
            (r#"{"type":"record","name":".R"}"#, Some("R")),
            (r#"{"type":"record","name":""}"#, None),
            (r#"{"type":"record"}"#, None),
            (r#"{"type":"array","name":"R"}"#, None),
            (r#"{"type":{"type":"int"},"name":"R"}"#, None),
        ] {
            assert_eq!(name(schema).as_deref(), full, "{schema}");
        }
    }

    #[test]
    fn parts_of_a_full_name() {
        assert_eq!((namespace_of("a.b.C"), short("a.b.C")), ("a.b", "C"));
        assert_eq!((namespace_of("C"), short("C")), ("", "C"));
        assert_eq!(name_of("/* one */ {\"type\":\"record\",\"name\":\"C\"}").as_deref(), Some("C"));
        assert_eq!((name_of("\"long\""), name_of("{")), (None, None));
    }
}
