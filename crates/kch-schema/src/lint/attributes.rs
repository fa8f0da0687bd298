//! Attributes that no parser looks at: misspelled, or from another schema language. Attributes with names of their own are
//! allowed, and left alone.

use serde_json::{Map, Value};

use super::{Lint, Severity};
use crate::{Field, Kind, Place};

/// What people write from other languages, and how Avro says it.
const FOREIGN: [(&str, &str); 4] = [
    ("nullable", "make the type a union with null: [\"null\", …]"),
    ("optional", "make the type a union with null, and give it \"default\": null"),
    ("required", "a field without a default is required"),
    ("description", "write \"doc\""),
];

impl Lint<'_> {
    pub(super) fn field_attributes(&mut self, at: &str, field: &Field, object: &Map<String, Value>) {
        let known = ["name", "type", "doc", "default", "order", "aliases"];
        // What belongs to a type and stands on the field is reported with the logical type, or is of no use at all.
        let of_types: &[&str] = &["logicalType", "precision", "scale"];
        self.unknown(at, &field.place, object, &known, of_types);
        let order = object.get("order").and_then(Value::as_str);
        if order.is_some_and(|order| !matches!(order, "ascending" | "descending" | "ignore")) {
            let message = format!("its order \"{}\" is none", order.unwrap_or_default());
            let cure = "take ascending, descending or ignore".to_owned();
            self.add(Severity::Error, "order", at, &field.place.at("order"), message, cure);
        }
        self.forms(at, &field.place, object);
    }

    /// Attributes that are read only in one form, and else passed over.
    fn forms(&mut self, at: &str, place: &Place, object: &Map<String, Value>) {
        let is_list = |value: &Value| value.as_array().is_some_and(|all| all.iter().all(Value::is_string));
        if object.get("aliases").is_some_and(|aliases| !is_list(aliases)) {
            let message =
                "its aliases are no list of names: they are ignored, or the schema is refused".to_owned();
            let cure = "write \"aliases\": [\"NAME\"]".to_owned();
            self.add(Severity::Error, "aliases", at, &place.at("aliases"), message, cure);
        }
        if object.get("doc").is_some_and(|doc| !doc.is_string()) {
            let message = "its doc is no text: it is ignored, or the schema is refused".to_owned();
            self.add(Severity::Error, "doc", at, &place.at("doc"), message, "write it in quotes".to_owned());
        }
    }

    pub(super) fn attributes(&mut self, kind: &Kind, object: &Map<String, Value>, at: &str, place: &Place) {
        let known: &[&str] = match kind {
            Kind::Record { .. } => &["name", "namespace", "type", "doc", "aliases", "fields"],
            Kind::Enum { .. } => &["name", "namespace", "type", "doc", "aliases", "symbols", "default"],
            Kind::Fixed { .. } => &["name", "namespace", "type", "doc", "aliases", "size"],
            Kind::Array(_) => &["type", "items"],
            Kind::Map(_) => &["type", "values"],
            _ => &["type"],
        };
        self.unknown(at, place, object, known, &["logicalType", "precision", "scale", "default", "doc"]);
        if kind.name().is_some() {
            self.forms(at, place, object);
        } else if object.contains_key("default") {
            let message = "a default inside of the type is ignored: it belongs to the field".to_owned();
            let cure = "move \"default\" out of the type, beside it".to_owned();
            self.add(Severity::Error, "default-in-type", at, &place.at("default"), message, cure);
        }
    }

    fn unknown(
        &mut self,
        at: &str,
        place: &Place,
        object: &Map<String, Value>,
        known: &[&str],
        also: &[&str],
    ) {
        for key in object.keys().filter(|key| !known.contains(&key.as_str()) && !also.contains(&key.as_str()))
        {
            let all = known.iter().chain(also).copied();
            let place = place.at(&key.replace('~', "~0").replace('/', "~1"));
            if let Some((_, cure)) = FOREIGN.iter().find(|(foreign, _)| foreign == key) {
                let message = format!("\"{key}\" means nothing in Avro and is ignored");
                self.add(Severity::Warning, "attribute-ignored", at, &place, message, (*cure).to_owned());
            } else if let Some(near) = super::nearest(key, all) {
                let message = format!("\"{key}\" is ignored");
                let cure = format!("did you mean \"{near}\"?");
                self.add(Severity::Error, "attribute-misspelled", at, &place, message, cure);
            }
        }
    }
}
