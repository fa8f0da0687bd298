//! Whether records of one schema can be read with another, by the Avro specification's rules of schema resolution as
//! Java's `SchemaCompatibility` applies them, which is what the registries run. Where it does not follow the specification to the letter,
//! we follow it: every branch of a writer's union must be readable, and logical types do not count. That the latter
//! may change what the bytes mean is kept as a [`Shift`].

use std::collections::{BTreeMap, HashMap};

use crate::fault::{Direction, Fault, Mismatch};
use crate::{Field, Kind, Logical, NodeId, Place, Schema};

/// What a comparison finds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Why records cannot be read. Empty: they can.
    pub mismatches: Vec<Mismatch>,
    /// What can be read and means something else.
    pub shifts: Vec<Shift>,
}

/// The same bytes under another logical type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    /// The field.
    pub path: String,
    /// The old type in words.
    pub old: String,
    /// The new type in words.
    pub new: String,
}

/// Which records must be readable for a schema to be taken: the seven compatibility levels, in three questions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Records of old schemas, with the new one.
    pub backward: bool,
    /// Records of the new schema, with old ones.
    pub forward: bool,
    /// All old schemas count, and not only the last.
    pub transitive: bool,
}

/// Compares a new schema with the old ones, oldest first: what each one that counts under `rules` has against it, by its
/// index.
#[must_use]
pub fn judge(old: &[Schema], new: &Schema, rules: Rules) -> BTreeMap<usize, Comparison> {
    let first = if rules.transitive { 0 } else { old.len().saturating_sub(1) };
    let counted = old.iter().enumerate().skip(first);
    counted.map(|(index, old)| (index, compare(old, new, rules))).collect()
}

/// Compares one old schema with the new one, in the directions that `rules` ask for.
#[must_use]
pub fn compare(old: &Schema, new: &Schema, rules: Rules) -> Comparison {
    let mut found = Comparison::default();
    if rules.backward {
        found = read(new, old, Direction::Backward);
    }
    if rules.forward {
        let forward = read(old, new, Direction::Forward);
        found.mismatches.extend(forward.mismatches);
        found.shifts.extend(
            forward.shifts.into_iter().filter(|shift| !found.shifts.contains(shift)).collect::<Vec<_>>(),
        );
    }
    found
}

/// Whether `reader` reads the records of `writer`. In [`Direction::Backward`] the reader is the new schema, else the old one.
#[must_use]
pub fn read(reader: &Schema, writer: &Schema, direction: Direction) -> Comparison {
    let mut resolver = Resolver { reader, writer, direction, known: HashMap::new(), shifts: Vec::new() };
    let top = |schema: &Schema| Use {
        id: schema.root(),
        place: Place { document: schema.documents.len() - 1, pointer: String::new() },
    };
    let mut mismatches: Vec<Mismatch> = Vec::new();
    for mismatch in resolver.compare("", &top(reader), &top(writer)) {
        // A type that is used twice has its faults once.
        let same = |other: &Mismatch| {
            other.reader == mismatch.reader
                && other.writer == mismatch.writer
                && other.fault == mismatch.fault
        };
        if !mismatches.iter().any(same) {
            mismatches.push(mismatch);
        }
    }
    let mut shifts = resolver.shifts;
    shifts.dedup();
    Comparison { mismatches, shifts }
}

/// A type where it is used.
#[derive(Clone)]
struct Use {
    id: NodeId,
    place: Place,
}

struct Resolver<'s> {
    reader: &'s Schema,
    writer: &'s Schema,
    direction: Direction,
    /// Pairs of named types: what is wrong with them, or nothing while that is being found out, so that types which hold themselves end.
    known: HashMap<(NodeId, NodeId), Vec<Mismatch>>,
    shifts: Vec<Shift>,
}

impl Resolver<'_> {
    fn compare(&mut self, path: &str, reader: &Use, writer: &Use) -> Vec<Mismatch> {
        let pair = (reader.id, writer.id);
        let named =
            self.reader.kind(reader.id).name().is_some() && self.writer.kind(writer.id).name().is_some();
        if !named {
            return self.compare_anew(path, reader, writer);
        }
        if let Some(known) = self.known.get(&pair) {
            return known.clone();
        }
        self.known.insert(pair, Vec::new());
        let found = self.compare_anew(path, reader, writer);
        self.known.insert(pair, found.clone());
        found
    }

    fn compare_anew(&mut self, path: &str, reader: &Use, writer: &Use) -> Vec<Mismatch> {
        let (reader_schema, writer_schema) = (self.reader, self.writer);
        match (reader_schema.kind(reader.id), writer_schema.kind(writer.id)) {
            (_, Kind::Union(branches)) => {
                let place = &writer_schema.node(writer.id).place;
                let mut found = Vec::new();
                for (index, &id) in branches.iter().enumerate() {
                    found.extend(self.compare(
                        path,
                        reader,
                        &Use { id, place: place.at(&index.to_string()) },
                    ));
                }
                found
            }
            (Kind::Union(branches), _) => self.compare_with_union(path, reader, branches, writer),
            (Kind::Array(reader_items), Kind::Array(writer_items)) => {
                let reader = self.part(reader, *reader_items, "items");
                let writer = self.written_part(writer, *writer_items, "items");
                self.compare(&format!("{path}[]"), &reader, &writer)
            }
            (Kind::Map(reader_values), Kind::Map(writer_values)) => {
                let reader = self.part(reader, *reader_values, "values");
                let writer = self.written_part(writer, *writer_values, "values");
                self.compare(&format!("{path}{{}}"), &reader, &writer)
            }
            (Kind::Record { fields: wanted, .. }, Kind::Record { fields: written, .. }) => {
                let mut found = self.compare_names(path, reader, writer);
                for field in wanted {
                    found.extend(self.compare_field(path, field, wanted, writer, written));
                }
                found
            }
            (Kind::Enum { symbols, default, .. }, Kind::Enum { symbols: written, .. }) => {
                let mut found = self.compare_names(path, reader, writer);
                let missing: Vec<String> =
                    written.iter().filter(|&symbol| !symbols.contains(symbol)).cloned().collect();
                let covered = default.as_ref().is_some_and(|default| symbols.contains(default));
                if !missing.is_empty() && !covered {
                    let fault = Fault::MissingEnumSymbols { symbols: missing };
                    let at = |place: &Place| place.at("symbols");
                    let places = (&reader_schema.node(reader.id).place, &writer_schema.node(writer.id).place);
                    found.push(self.mismatch(path, at(places.0), at(places.1), fault));
                }
                found
            }
            (Kind::Fixed { size, .. }, Kind::Fixed { size: written, .. }) => {
                let mut found = self.compare_names(path, reader, writer);
                if size != written {
                    let fault = Fault::FixedSize { reader: *size, writer: *written };
                    let at = |place: &Place| place.at("size");
                    let places = (&reader_schema.node(reader.id).place, &writer_schema.node(writer.id).place);
                    found.push(self.mismatch(path, at(places.0), at(places.1), fault));
                }
                self.note_shift(path, reader, writer);
                found
            }
            (wanted, written) if reads(wanted, written) => {
                self.note_shift(path, reader, writer);
                Vec::new()
            }
            _ => {
                let fault = Fault::Type {
                    reader: reader_schema.title(reader.id),
                    writer: writer_schema.title(writer.id),
                };
                vec![self.mismatch(path, reader.place.clone(), writer.place.clone(), fault)]
            }
        }
    }

    /// One branch that reads the writer is enough.
    fn compare_with_union(
        &mut self,
        path: &str,
        reader: &Use,
        branches: &[NodeId],
        writer: &Use,
    ) -> Vec<Mismatch> {
        let place = &self.reader.node(reader.id).place;
        let mut close = Vec::new();
        for (index, &id) in branches.iter().enumerate() {
            let shifts = self.shifts.len();
            let branch = Use { id, place: place.at(&index.to_string()) };
            let found = self.compare(path, &branch, writer);
            if found.is_empty() {
                return found;
            }
            self.shifts.truncate(shifts);
            if self.is_meant(id, writer.id) {
                close.push(found);
            }
        }
        if close.len() == 1 {
            return close.remove(0);
        }
        let fault = Fault::MissingUnionBranch {
            reader: self.reader.title(reader.id),
            writer: self.writer.title(writer.id),
        };
        vec![self.mismatch(path, reader.place.clone(), writer.place.clone(), fault)]
    }

    /// Whether a branch that does not read the writer is meant to, so that its own faults are what to tell.
    fn is_meant(&self, reader: NodeId, writer: NodeId) -> bool {
        let (reader, writer) = (self.reader.kind(reader), self.writer.kind(writer));
        match (reader.name(), writer.name()) {
            (Some(wanted), Some(written)) => {
                wanted.short() == written.short() && reader.word() == writer.word()
            }
            _ => matches!((reader, writer), (Kind::Array(_), Kind::Array(_)) | (Kind::Map(_), Kind::Map(_))),
        }
    }

    /// The names must be the same without their namespaces, or the reader must know the writer's as an alias.
    fn compare_names(&self, path: &str, reader: &Use, writer: &Use) -> Vec<Mismatch> {
        let names = (self.reader.kind(reader.id).name(), self.writer.kind(writer.id).name());
        let (Some(wanted), Some(written)) = names else { return Vec::new() };
        if wanted.short() == written.short() || wanted.aliases.contains(&written.full) {
            return Vec::new();
        }
        let at = |schema: &Schema, id| schema.node(id).place.at("name");
        let fault = Fault::Name { reader: wanted.full.clone(), writer: written.full.clone() };
        vec![self.mismatch(path, at(self.reader, reader.id), at(self.writer, writer.id), fault)]
    }

    /// Compares one of the `wanted` fields of a reader's record with what the writer's has for it.
    fn compare_field(
        &mut self,
        path: &str,
        field: &Field,
        wanted: &[Field],
        writer: &Use,
        written: &[Field],
    ) -> Vec<Mismatch> {
        let field_path = if path.is_empty() { field.name.clone() } else { format!("{path}.{}", field.name) };
        let names: Vec<&String> = std::iter::once(&field.name).chain(&field.aliases).collect();
        let matching: Vec<&Field> = written.iter().filter(|other| names.contains(&&other.name)).collect();
        match matching[..] {
            [] if field.default.is_some() => Vec::new(),
            [] => {
                let writer_place = self.writer.node(writer.id).place.at("fields");
                let fault = Fault::MissingDefault {
                    field: field.name.clone(),
                    example: self.example_default(field.node),
                    was: self.old_name(field, wanted, written),
                };
                vec![self.mismatch(&field_path, field.place.clone(), writer_place, fault)]
            }
            [other] => {
                let reader = Use { id: field.node, place: field.place.at("type") };
                let writer = Use { id: other.node, place: other.place.at("type") };
                self.compare(&field_path, &reader, &writer)
            }
            _ => {
                let fields = matching.iter().map(|other| other.name.clone()).collect();
                let writer_place = self.writer.node(writer.id).place.at("fields");
                let fault = Fault::AmbiguousAliases { field: field.name.clone(), fields };
                vec![self.mismatch(&field_path, field.place.clone(), writer_place, fault)]
            }
        }
    }

    /// A default that the type takes, as JSON.
    fn example_default(&self, id: NodeId) -> Option<String> {
        Some(match self.reader.kind(id) {
            Kind::Null => "null".to_owned(),
            Kind::Boolean => "false".to_owned(),
            Kind::Int | Kind::Long | Kind::Float | Kind::Double => "0".to_owned(),
            Kind::Bytes | Kind::String => "\"\"".to_owned(),
            Kind::Array(_) => "[]".to_owned(),
            Kind::Map(_) => "{}".to_owned(),
            Kind::Enum { symbols, .. } => format!("\"{}\"", symbols.first()?),
            Kind::Union(branches) => return self.example_default(*branches.first()?),
            Kind::Fixed { .. } | Kind::Record { .. } => return None,
        })
    }

    /// The one writer's field that the reader has under no name and whose type would fit: the field's old name, probably.
    fn old_name(&self, field: &Field, wanted: &[Field], written: &[Field]) -> Option<String> {
        let is_wanted =
            |name: &String| wanted.iter().any(|one| one.name == *name || one.aliases.contains(name));
        let is_same = |other: &Field| self.reader.title(field.node) == self.writer.title(other.node);
        let mut fitting = written.iter().filter(|other| is_same(other) && !is_wanted(&other.name));
        match (fitting.next(), fitting.next()) {
            (Some(only), None) => Some(only.name.clone()),
            _ => None,
        }
    }

    fn part(&self, of: &Use, id: NodeId, step: &str) -> Use {
        Use { id, place: self.reader.node(of.id).place.at(step) }
    }

    fn written_part(&self, of: &Use, id: NodeId, step: &str) -> Use {
        Use { id, place: self.writer.node(of.id).place.at(step) }
    }

    fn mismatch(&self, path: &str, reader: Place, writer: Place, fault: Fault) -> Mismatch {
        Mismatch { direction: self.direction, path: path.to_owned(), reader, writer, fault }
    }

    fn note_shift(&mut self, path: &str, reader: &Use, writer: &Use) {
        let logical = (self.reader.node(reader.id).logical, self.writer.node(writer.id).logical);
        let is_decimal = |logical: Option<Logical>| matches!(logical, Some(Logical::Decimal { .. }));
        let counts =
            logical.0.is_some() && logical.1.is_some() || is_decimal(logical.0) || is_decimal(logical.1);
        if logical.0 == logical.1 || !counts {
            return;
        }
        let (reader, writer) = (self.reader.title(reader.id), self.writer.title(writer.id));
        let (old, new) = match self.direction {
            Direction::Backward => (writer, reader),
            Direction::Forward => (reader, writer),
        };
        self.shifts.push(Shift { path: path.to_owned(), old, new });
    }
}

/// The specification's promotions, for types that are not named and hold no others.
fn reads(reader: &Kind, writer: &Kind) -> bool {
    use Kind::{Boolean, Bytes, Double, Float, Int, Long, Null, String};
    matches!(
        (writer, reader),
        (Null, Null)
            | (Boolean, Boolean)
            | (Int, Int | Long | Float | Double)
            | (Long, Long | Float | Double)
            | (Float, Float | Double)
            | (Double, Double)
            | (String | Bytes, String | Bytes)
    )
}
