//! What changed between two schemas, in terms of fields and not of text, and which directions of reading each change breaks.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::fault::{Direction, Mismatch};
use crate::{Field, Kind, NodeId, Place, Schema, read};

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The field: `address.lines[].text`. Empty for the schema itself.
    pub path: String,
    /// What about it.
    pub what: What,
    /// The old state; null where there was none.
    pub old: Value,
    /// The new state; null where there is none.
    pub new: Value,
    /// Old records cannot be read with the new schema because of it.
    pub breaks_backward: bool,
    /// New records cannot be read with the old schema because of it.
    pub breaks_forward: bool,
}

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the part of a schema that it names")]
pub enum What {
    Added,
    Removed,
    Renamed,
    Type,
    Name,
    Aliases,
    Default,
    Symbols,
    Size,
    Doc,
    Order,
}

impl What {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            What::Added => "added",
            What::Removed => "removed",
            What::Renamed => "renamed",
            What::Type => "type",
            What::Name => "name",
            What::Aliases => "aliases",
            What::Default => "default",
            What::Symbols => "symbols",
            What::Size => "size",
            What::Doc => "doc",
            What::Order => "order",
        }
    }
}

/// The changes, and all that keeps either side from reading the other.
#[derive(Clone, Debug)]
pub struct Diff {
    /// In the order of the new schema, what is removed last within its record.
    pub changes: Vec<Change>,
    /// In both directions.
    pub mismatches: Vec<Mismatch>,
}

impl Diff {
    /// Whether the schema may follow the old one in a direction.
    #[must_use]
    pub fn allows(&self, direction: Direction) -> bool {
        self.mismatches.iter().all(|mismatch| mismatch.direction != direction)
    }
}

/// Compares two schemas.
#[must_use]
pub fn diff(old: &Schema, new: &Schema) -> Diff {
    let mut mismatches = read(new, old, Direction::Backward).mismatches;
    mismatches.extend(read(old, new, Direction::Forward).mismatches);
    let mut walk = Walk { old, new, seen: HashSet::new(), changes: Vec::new() };
    walk.types("", old.root(), new.root());
    let mut changes = walk.changes;
    for change in &mut changes {
        let breaks = |direction: Direction| {
            mismatches
                .iter()
                .any(|found| found.direction == direction && concerns(change, &found.path, direction))
        };
        (change.breaks_backward, change.breaks_forward) =
            (breaks(Direction::Backward), breaks(Direction::Forward));
    }
    Diff { changes, mismatches }
}

/// Whether a mismatch at `path` is because of this change.
fn concerns(change: &Change, path: &str, direction: Direction) -> bool {
    let old_path = || match change.old.as_str() {
        // An old schema's field has the path of its old name.
        Some(name) if change.what == What::Renamed && direction == Direction::Forward => {
            let parent =
                change.path.rsplit_once('.').map_or(String::new(), |(parent, _)| format!("{parent}."));
            format!("{parent}{name}")
        }
        _ => change.path.clone(),
    };
    let counts = !matches!(change.what, What::Doc | What::Order | What::Default | What::Aliases);
    counts && path == old_path()
}

struct Walk<'s> {
    old: &'s Schema,
    new: &'s Schema,
    /// Pairs of named types that have been compared.
    seen: HashSet<(NodeId, NodeId)>,
    changes: Vec<Change>,
}

impl Walk<'_> {
    fn add(&mut self, path: &str, what: What, old: Value, new: Value) {
        let path = path.to_owned();
        self.changes.push(Change { path, what, old, new, breaks_backward: false, breaks_forward: false });
    }

    fn types(&mut self, path: &str, old: NodeId, new: NodeId) {
        let (old_schema, new_schema) = (self.old, self.new);
        let (old_kind, new_kind) = (old_schema.kind(old), new_schema.kind(new));
        if let (Kind::Union(_), _) | (_, Kind::Union(_)) = (old_kind, new_kind) {
            return self.unions(path, old, new);
        }
        match (old_kind, new_kind) {
            (Kind::Array(old), Kind::Array(new)) => self.types(&format!("{path}[]"), *old, *new),
            (Kind::Map(old), Kind::Map(new)) => self.types(&format!("{path}{{}}"), *old, *new),
            (Kind::Record { .. }, Kind::Record { .. })
            | (Kind::Enum { .. }, Kind::Enum { .. })
            | (Kind::Fixed { .. }, Kind::Fixed { .. }) => self.named(path, old, new),
            _ if self.old.title(old) != self.new.title(new) => {
                self.add(path, What::Type, json!(self.old.title(old)), json!(self.new.title(new)));
            }
            _ => {}
        }
    }

    /// A union's branches are matched by what they are; a type beside a union is a union of one.
    fn unions(&mut self, path: &str, old: NodeId, new: NodeId) {
        let ((old_branches, old_null), (new_branches, new_null)) =
            (self.old.branches(old), self.new.branches(new));
        if let ([one], [other]) = (&old_branches[..], &new_branches[..]) {
            if old_null != new_null {
                self.add(path, What::Type, json!(self.old.title(old)), json!(self.new.title(new)));
            }
            let known = self.changes.len();
            self.types(path, *one, *other);
            // "null or int" to "long" is one change.
            if old_null != new_null
                && self
                    .changes
                    .get(known)
                    .is_some_and(|change| change.path == path && change.what == What::Type)
            {
                self.changes.remove(known);
            }
            return;
        }
        let matching: Vec<(NodeId, NodeId)> = old_branches
            .iter()
            .filter_map(|&one| {
                let same = |&&other: &&NodeId| self.identity(self.old, one) == self.identity(self.new, other);
                new_branches.iter().find(same).map(|&other| (one, other))
            })
            .collect();
        if self.old.title(old) != self.new.title(new) {
            self.add(path, What::Type, json!(self.old.title(old)), json!(self.new.title(new)));
        }
        for (one, other) in matching {
            self.types(path, one, other);
        }
    }

    /// What makes two branches the same branch.
    fn identity(&self, schema: &Schema, id: NodeId) -> String {
        let kind = schema.kind(id);
        kind.name().map_or_else(|| kind.word().to_owned(), |name| name.short().to_owned())
    }

    fn named(&mut self, path: &str, old: NodeId, new: NodeId) {
        if !self.seen.insert((old, new)) {
            return;
        }
        let (old_schema, new_schema) = (self.old, self.new);
        let (old_node, new_node) = (old_schema.node(old), new_schema.node(new));
        if let (Some(was), Some(is)) = (old_node.kind.name(), new_node.kind.name()) {
            if was.full != is.full {
                self.add(path, What::Name, json!(was.full), json!(is.full));
            }
            if was.aliases != is.aliases {
                self.add(path, What::Aliases, json!(was.aliases), json!(is.aliases));
            }
        }
        self.docs(path, &old_node.place, &new_node.place);
        if old_node.logical != new_node.logical {
            self.add(path, What::Type, json!(old_schema.title(old)), json!(new_schema.title(new)));
        }
        match (&old_node.kind, &new_node.kind) {
            (Kind::Record { fields: old, .. }, Kind::Record { fields: new, .. }) => {
                self.records(path, old, new);
            }
            (
                Kind::Enum { symbols: old, default: old_default, .. },
                Kind::Enum { symbols: new, default: new_default, .. },
            ) => {
                if old != new {
                    self.add(path, What::Symbols, json!(old), json!(new));
                }
                if old_default != new_default {
                    self.add(path, What::Default, json!(old_default), json!(new_default));
                }
            }
            (Kind::Fixed { size: old, .. }, Kind::Fixed { size: new, .. }) if old != new => {
                self.add(path, What::Size, json!(old), json!(new));
            }
            _ => {}
        }
    }

    fn records(&mut self, path: &str, old: &[Field], new: &[Field]) {
        let at = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        let mut matched = Vec::new();
        for field in new {
            let path = at(&field.name);
            let same = old.iter().find(|other| other.name == field.name);
            let renamed = || {
                old.iter().find(|other| {
                    field.aliases.contains(&other.name) && !new.iter().any(|one| one.name == other.name)
                })
            };
            let Some(other) = same.or_else(renamed) else {
                self.add(&path, What::Added, Value::Null, self.written(self.new, field));
                continue;
            };
            matched.push(other.name.as_str());
            if other.name != field.name {
                self.add(&path, What::Renamed, json!(other.name), json!(field.name));
            }
            self.types(&path, other.node, field.node);
            if other.default != field.default {
                let state = |default: &Option<Value>| json!(default.as_ref().map(Value::to_string));
                self.add(&path, What::Default, state(&other.default), state(&field.default));
            }
            if other.aliases != field.aliases && other.name == field.name {
                self.add(&path, What::Aliases, json!(other.aliases), json!(field.aliases));
            }
            self.docs(&path, &other.place, &field.place);
        }
        for field in old.iter().filter(|field| !matched.contains(&field.name.as_str())) {
            self.add(&at(&field.name), What::Removed, self.written(self.old, field), Value::Null);
        }
        let order: Vec<&str> =
            old.iter().map(|field| field.name.as_str()).filter(|name| matched.contains(name)).collect();
        if order != matched {
            self.add(path, What::Order, json!(order), json!(matched));
        }
    }

    /// A field in words.
    fn written(&self, schema: &Schema, field: &Field) -> Value {
        let default = field.default.as_ref().map(|default| format!(", default {default}"));
        json!(format!("{}{}", schema.title(field.node), default.unwrap_or_default()))
    }

    fn docs(&mut self, path: &str, old: &Place, new: &Place) {
        let doc = |schema: &Schema, place: &Place| {
            schema.fragment(place).and_then(|part| part.get("doc")).cloned().unwrap_or(Value::Null)
        };
        let (was, is) = (doc(self.old, old), doc(self.new, new));
        if was != is {
            self.add(path, What::Doc, was, is);
        }
    }
}
