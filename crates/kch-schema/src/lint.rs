//! Mistakes that people make in schemas. Some of them a parser must ignore, as the specification says, and that is why
//! nobody sees them: a `logicalType` beside its `type`, a default in the wrong form, a misspelled attribute.
//!
//! The one constraint: a finding is a mistake or a trap, never a matter of taste.

mod attributes;
mod broken;
mod logical;
mod names;
mod twice;

use kch_avro::SchemaError;
use serde_json::{Map, Value};

pub use broken::broken;
pub(crate) use names::mended;
pub use twice::twice;

use crate::fit::fit;
use crate::sample::heights;
use crate::{Field, Kind, Name, NodeId, Place, Schema};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It will bite later.
    Warning,
    /// It does not do what it says, or other tools refuse it.
    Error,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The rule's name, such as `logical-type-beside-type`.
    pub rule: &'static str,
    /// The field, such as `address.zip`, or the type's name.
    pub at: String,
    /// JSON pointer of the part.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub cure: String,
}

/// Looks a schema through. The texts it refers to are not looked at.
#[must_use]
pub fn lint(schema: &Schema) -> Vec<Finding> {
    let mut lint = Lint { schema, document: schema.documents.len() - 1, found: Vec::new() };
    for id in (0..schema.nodes.len()).map(NodeId) {
        let place = &schema.node(id).place;
        if place.document == lint.document {
            lint.node(id, place);
        }
    }
    lint.endless();
    // By place, as a reader of the file meets them.
    lint.found.sort_by_cached_key(|finding| order(&finding.pointer));
    lint.found.dedup();
    lint.found
}

/// The finding that a text is no schema at all.
#[must_use]
pub fn refused(error: &SchemaError) -> Finding {
    let (at, cure) = match error {
        SchemaError::UnknownType { at, name, .. } => {
            let word = kch_avro::names::short(name);
            let cure = match word {
                "array" => "write \"type\": {\"type\": \"array\", \"items\": …}: its parts belong to the type".to_owned(),
                "map" => "write \"type\": {\"type\": \"map\", \"values\": …}: its parts belong to the type".to_owned(),
                "record" | "enum" | "fixed" => {
                    format!("write \"type\": {{\"type\": \"{word}\", \"name\": …}}: its parts belong to the type")
                }
                "integer" | "number" | "bool" | "str" | "text" | "byte" | "timestamp" | "date" | "decimal" => {
                    "Avro has null, boolean, int, long, float, double, bytes and string, and logical types on them".to_owned()
                }
                _ => "define it, or name the schema that does".to_owned(),
            };
            (at.as_str(), cure)
        }
        SchemaError::Malformed { at, expected, .. } => (at.as_str(), malformed_cure(expected)),
        SchemaError::Duplicate { at, .. } => (at.as_str(), "rename one of them, or take it away".to_owned()),
        SchemaError::Redefined { name } => {
            (name.as_str(), "define it once, and use its name in the other places".to_owned())
        }
        _ => ("schema", String::new()),
    };
    Finding {
        severity: Severity::Error,
        rule: "schema",
        at: at.to_owned(),
        pointer: String::new(),
        message: error.to_string(),
        cure,
    }
}

fn malformed_cure(expected: &str) -> String {
    match expected.split('"').nth(1) {
        Some(key) => format!("write its \"{key}\""),
        None if expected.contains("union") => "list all branches in one union".to_owned(),
        None => format!("write {expected} there"),
    }
}

/// Pointers in the order of the text: indices as numbers.
fn order(pointer: &str) -> Vec<(usize, String)> {
    pointer.split('/').map(|step| (step.parse().unwrap_or_default(), step.to_owned())).collect()
}

struct Lint<'s> {
    schema: &'s Schema,
    document: usize,
    found: Vec<Finding>,
}

impl<'s> Lint<'s> {
    fn add(
        &mut self,
        severity: Severity,
        rule: &'static str,
        at: &str,
        place: &Place,
        message: String,
        cure: String,
    ) {
        let (at, pointer) = (at.to_owned(), place.pointer.clone());
        self.found.push(Finding { severity, rule, at, pointer, message, cure });
    }

    /// A record that holds itself in every value.
    fn endless(&mut self) {
        let height = heights(self.schema);
        let root = self.schema.root();
        let is_empty = |kind: &Kind| match kind {
            Kind::Enum { symbols, .. } => symbols.is_empty(),
            Kind::Union(branches) => branches.is_empty(),
            _ => false,
        };
        // Those have no value either, and are findings of their own.
        if self.schema.nodes.iter().any(|node| is_empty(&node.kind)) {
            return;
        }
        if let (None, Kind::Record { name, .. }) = (height[root.0], self.schema.kind(root)) {
            let message = "has no finite value: a record in it holds itself, with no way out".to_owned();
            let cure = "make the field a union with null, or an array".to_owned();
            let place = self.schema.node(root).place.clone();
            self.add(Severity::Error, "endless", &name.full, &place, message, cure);
        }
    }

    fn object(&self, place: &Place) -> Option<&'s Map<String, Value>> {
        self.schema.fragment(place)?.as_object()
    }

    fn node(&mut self, id: NodeId, place: &Place) {
        let schema = self.schema;
        let node = schema.node(id);
        let at = node.kind.name().map_or_else(|| self.owner(place), |name| name.full.clone());
        if let Some(object) = self.object(place) {
            self.logical(&node.kind, node.logical, object, &at, place);
            self.attributes(&node.kind, object, &at, place);
        }
        match &node.kind {
            Kind::Record { name, fields } => {
                self.type_name(name, place);
                self.fields(&at, fields);
                for field in fields {
                    self.field(&format!("{}.{}", name.short(), field.name), field);
                }
            }
            Kind::Enum { name, symbols, default } => {
                self.type_name(name, place);
                self.enumeration(name, symbols, default.as_deref(), place);
            }
            Kind::Fixed { name, .. } => self.type_name(name, place),
            Kind::Union(branches) => self.union(&at, branches, place),
            _ => {}
        }
    }

    /// The field that a part belongs to, by its name; the pointer where there is none.
    fn owner(&self, place: &Place) -> String {
        let mut pointer = place.pointer.as_str();
        while let Some((parent, _)) = pointer.rsplit_once('/') {
            pointer = parent;
            let part = self.schema.fragment(&Place { document: place.document, pointer: pointer.to_owned() });
            let name = part.and_then(|part| part.get("name")).and_then(Value::as_str);
            if let (Some(name), true) = (name, pointer.contains("/fields/")) {
                return name.to_owned();
            }
        }
        "schema".to_owned()
    }

    fn fields(&mut self, record: &str, fields: &[Field]) {
        for (index, field) in fields.iter().enumerate() {
            for alias in &field.aliases {
                let taken = fields.iter().enumerate().find(|(other, one)| {
                    *other != index && (one.name == *alias || *other < index && one.aliases.contains(alias))
                });
                if let Some((_, other)) = taken {
                    let message = format!("its alias \"{alias}\" also stands for field \"{}\"", other.name);
                    let at = format!("{record}.{}", field.name);
                    let cure = "take it away from one of them".to_owned();
                    self.add(Severity::Error, "alias-taken", &at, &field.place, message, cure);
                }
            }
            let twin = fields[..index].iter().find(|other| other.name.eq_ignore_ascii_case(&field.name));
            if let Some(twin) = twin {
                let message = format!("differs from field \"{}\" only in case", twin.name);
                let at = format!("{record}.{}", field.name);
                let cure = "rename one: many databases and languages take them for the same".to_owned();
                self.add(Severity::Warning, "names-alike", &at, &field.place, message, cure);
            }
        }
    }

    fn field(&mut self, at: &str, field: &Field) {
        let Some(object) = self.object(&field.place) else { return };
        self.beside(at, field, object);
        self.field_attributes(at, field, object);
        self.field_name(at, field);
        let Some(default) = &field.default else {
            let (others, nullable) = self.schema.branches(field.node);
            if nullable && !others.is_empty() {
                let message = "may be null and has no default: a line without it, or an older record, is refused by other tools";
                let cure = "add \"default\": null, with null as the first branch".to_owned();
                self.add(
                    Severity::Warning,
                    "nullable-without-default",
                    at,
                    &field.place,
                    message.to_owned(),
                    cure,
                );
            }
            return;
        };
        let Err(unfit) = fit(self.schema, field.node, default) else { return };
        let place = field.place.at("default");
        let inside = if unfit.path.is_empty() { String::new() } else { format!(" at {}", unfit.path) };
        if let Some(branch) = unfit.other_branch {
            let message = format!(
                "its default {}{inside} is for the branch {branch}, and a default is for the first branch, {}",
                shorten(default),
                unfit.expected
            );
            let cure = match default.as_str() {
                Some("null") => "write \"default\": null, without quotes".to_owned(),
                _ => format!("put {branch} first in the union"),
            };
            self.add(Severity::Error, "default-not-first-branch", at, &place, message, cure);
        } else {
            let message = format!("its default {}{inside} is not {}", shorten(default), unfit.expected);
            let cure = default_cure(self.schema, field, default);
            self.add(Severity::Error, "default-unfit", at, &place, message, cure);
        }
    }

    fn enumeration(&mut self, name: &Name, symbols: &[String], default: Option<&str>, place: &Place) {
        match default {
            Some(default) if !symbols.iter().any(|symbol| symbol == default) => {
                let message = format!("its default \"{default}\" is none of its symbols");
                let cure = match nearest(default, symbols.iter().map(String::as_str)) {
                    Some(near) => format!("did you mean \"{near}\"?"),
                    None => "add the symbol, or take another".to_owned(),
                };
                self.add(
                    Severity::Error,
                    "enum-default-unknown",
                    &name.full,
                    &place.at("default"),
                    message,
                    cure,
                );
            }
            Some(_) => {}
            None => {
                let message =
                    "has no default: a symbol that is added later breaks every older reader".to_owned();
                let cure = match symbols.iter().find(|symbol| symbol.to_ascii_uppercase().starts_with("UNK"))
                {
                    Some(symbol) => format!("add \"default\": \"{symbol}\" to the enum"),
                    None => "add a symbol such as UNKNOWN, and make it the enum's \"default\"".to_owned(),
                };
                self.add(Severity::Warning, "enum-without-default", &name.full, place, message, cure);
            }
        }
    }

    fn union(&mut self, at: &str, branches: &[NodeId], place: &Place) {
        let cure = || "list all branches in one union".to_owned();
        if branches.iter().any(|&branch| matches!(self.schema.kind(branch), Kind::Union(_))) {
            let message = "a union directly inside a union, which the specification forbids".to_owned();
            self.add(Severity::Error, "union-in-union", at, place, message, cure());
        }
        if branches.is_empty() {
            let message = "a union without branches has no values".to_owned();
            self.add(Severity::Error, "union-empty", at, place, message, "name its branches".to_owned());
        }
        if let [only] = branches {
            let message = format!("a union of one branch, {}", self.schema.title(*only));
            let cure = "take the branch without the brackets, or add null".to_owned();
            self.add(Severity::Warning, "union-of-one", at, place, message, cure);
        }
    }
}

fn default_cure(schema: &Schema, field: &Field, default: &Value) -> String {
    let title = schema.title(field.node);
    match (schema.kind(field.node), default) {
        (_, Value::Null) => {
            format!("make the type a union that begins with null, or give a default of {title}")
        }
        (Kind::Int | Kind::Long | Kind::Float | Kind::Double, Value::String(text))
            if text.parse::<f64>().is_ok() =>
        {
            format!("write \"default\": {text}, without quotes")
        }
        (Kind::Boolean, Value::String(text)) if text == "true" || text == "false" => {
            format!("write \"default\": {text}, without quotes")
        }
        (Kind::String, Value::Number(_) | Value::Bool(_)) => format!("write \"default\": \"{default}\""),
        _ => format!("give a default of {title}, or none"),
    }
}

/// The known name nearest to one that is not, if near enough.
fn nearest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let lower = name.to_ascii_lowercase();
    let distance =
        |known: &str| strsim::damerau_levenshtein(&lower.replace('_', "-"), &known.to_ascii_lowercase());
    let most = if name.len() < 5 { 1 } else { 2 };
    known.map(|known| (distance(known), known)).filter(|(far, _)| *far <= most).min().map(|(_, known)| known)
}

fn shorten(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 120 {
        return text;
    }
    format!("{}…", text.chars().take(119).collect::<String>())
}
