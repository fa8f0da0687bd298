//! Logical types that do not count: beside their type, on the wrong one, or unknown.

use serde_json::{Map, Value};

use super::{Lint, Severity, nearest, shorten};
use crate::{Field, Kind, Logical, Place};

impl Lint<'_> {
    /// A logical type on the type itself: known, and fitting.
    pub(super) fn logical(
        &mut self,
        kind: &Kind,
        counts: Option<Logical>,
        object: &Map<String, Value>,
        at: &str,
        place: &Place,
    ) {
        let Some(asked) = object.get("logicalType") else { return };
        if counts.is_some() {
            return;
        }
        let Some(name) = asked.as_str() else {
            let message = format!("logicalType is {asked}, and must be a text");
            self.add(Severity::Error, "logical-type-unfit", at, place, message, "write its name".to_owned());
            return;
        };
        let Some(on) = types_of(name) else {
            let near = nearest(name, LOGICAL.iter().map(|(known, _)| *known));
            let message = format!("no logical type is called \"{name}\": it is ignored");
            let (severity, cure) = match near {
                Some(near) => (Severity::Error, format!("did you mean \"{near}\"?")),
                None => (Severity::Warning, "leave it out, unless a program of yours knows it".to_owned()),
            };
            self.add(severity, "logical-type-unknown", at, place, message, cure);
            return;
        };
        let (message, cure) = match (name, kind) {
            ("decimal", Kind::Bytes | Kind::Fixed { .. }) => decimal_fault(kind, object),
            ("uuid" | "duration", Kind::Fixed { size, .. }) => {
                let needed = if name == "uuid" { 16 } else { 12 };
                (format!("{name} is ignored on {size} bytes"), format!("give the fixed a size of {needed}"))
            }
            _ => (format!("{name} is ignored on {}", kind.word()), format!("put it on {on}")),
        };
        self.add(Severity::Error, "logical-type-unfit", at, place, message, cure);
    }

    /// `{"name":…, "type":"long", "logicalType":…}`: the classic, ignored by every parser. Also on an object around a type.
    pub(super) fn beside(&mut self, at: &str, field: &Field, object: &Map<String, Value>) {
        let mut holders = vec![(object, field.place.clone())];
        let mut inner = object.get("type");
        let mut place = field.place.at("type");
        while let Some(Value::Object(wrapper)) = inner {
            if !wrapper.get("type").is_some_and(|inner| inner.is_object() || inner.is_array()) {
                break;
            }
            holders.push((wrapper, place.clone()));
            inner = wrapper.get("type");
            place = place.at("type");
        }
        // A name that stands for a type defined elsewhere takes no logical type either.
        if let Some(Value::Object(last)) = inner
            && self.schema.node(field.node).place != place
            && self.schema.kind(field.node).name().is_some()
        {
            holders.push((last, place));
        }
        for (holder, place) in holders {
            let Some(name) = holder.get("logicalType").and_then(Value::as_str) else { continue };
            let message = format!("logicalType \"{name}\" beside \"type\" is ignored");
            let mut typed = Map::new();
            let written = object.get("type").cloned().unwrap_or_default();
            let branch = match &written {
                Value::Array(branches) => branches.iter().find(|branch| *branch != "null").cloned(),
                other => Some(other.clone()),
            };
            typed.insert("type".to_owned(), branch.unwrap_or_default());
            let moved = ["logicalType", "precision", "scale"];
            typed.extend(moved.iter().filter_map(|&key| Some((key.to_owned(), holder.get(key)?.clone()))));
            let typed = Value::Object(typed);
            let cure = match written {
                Value::Array(_) => format!("write the branch as {}", shorten(&typed)),
                _ => format!("write \"type\": {}", shorten(&typed)),
            };
            self.add(Severity::Error, "logical-type-beside-type", at, &place, message, cure);
        }
    }
}

/// The logical types and what they belong on.
const LOGICAL: [(&str, &str); 13] = [
    ("decimal", "bytes or fixed"),
    ("uuid", "string, or a fixed of 16"),
    ("date", "int"),
    ("time-millis", "int"),
    ("time-micros", "long"),
    ("timestamp-millis", "long"),
    ("timestamp-micros", "long"),
    ("timestamp-nanos", "long"),
    ("local-timestamp-millis", "long"),
    ("local-timestamp-micros", "long"),
    ("local-timestamp-nanos", "long"),
    ("duration", "a fixed of 12"),
    ("big-decimal", "bytes"),
];

/// `None` for names that nobody knows. `big-decimal` counts for Java alone, so it is known and never fits here.
fn types_of(name: &str) -> Option<&'static str> {
    LOGICAL.iter().find(|(known, _)| *known == name).map(|(_, on)| *on)
}

fn decimal_fault(kind: &Kind, object: &Map<String, Value>) -> (String, String) {
    let number = |key: &str| object.get(key).and_then(Value::as_u64);
    let (precision, scale) = (number("precision"), number("scale"));
    match (precision, scale, object.contains_key("scale")) {
        (None | Some(0), ..) => (
            "decimal is ignored without a precision of 1 or more".to_owned(),
            "add \"precision\", the digits in all".to_owned(),
        ),
        (_, None, true) => {
            ("decimal is ignored: its scale is no number from 0 on".to_owned(), "mend \"scale\"".to_owned())
        }
        (Some(precision), Some(scale), _) if scale > precision => (
            format!("decimal is ignored: its scale {scale} is more than its precision {precision}"),
            "the precision counts all digits, those behind the point too".to_owned(),
        ),
        (Some(precision), ..) => match kind {
            Kind::Fixed { size, .. } => {
                let most = crate::logical::digits_of_size(*size);
                (
                    format!("decimal is ignored: {size} bytes hold {most} digits, not {precision}"),
                    "make the fixed larger, or the precision smaller".to_owned(),
                )
            }
            _ => (format!("decimal of {precision} digits is ignored"), "take fewer digits".to_owned()),
        },
    }
}
