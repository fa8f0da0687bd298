//! How deep and how large a schema is with each name replaced by what it stands for. The analyses walk it so, and a
//! few lines of text can stand for more than any memory: two fields of a type that has two fields of a type, and so on.

use kch_avro::SchemaError;

use crate::{Kind, NodeId, Schema};

/// Types inside one another. The codec takes 128 records, arrays and maps; with the unions around them that is no more than this.
const DEEPEST: usize = 300;

/// Types in all.
const LARGEST: usize = 200_000;

/// # Errors
/// When the schema is deeper or larger than the analyses go.
pub(crate) fn ensure_bounded(schema: &Schema) -> Result<(), SchemaError> {
    let mut extents: Vec<Option<Extent>> = vec![None; schema.nodes.len()];
    let mut open = vec![(schema.root(), false)];
    while let Some((id, done)) = open.pop() {
        let parts = parts(schema, id);
        if done {
            // A part that is not finished is one of the types around this place: the analyses stop there.
            let known: Vec<Extent> = parts.iter().filter_map(|part| extents[part.0]).collect();
            let extent = Extent {
                depth: 1 + known.iter().map(|part| part.depth).max().unwrap_or_default(),
                size: known.iter().fold(1, |size, part| size.saturating_add(part.size)),
            };
            if extent.depth > DEEPEST {
                return Err(SchemaError::TooDeep { limit: DEEPEST });
            }
            if extent.size > LARGEST {
                return Err(SchemaError::TooLarge { limit: LARGEST });
            }
            extents[id.0] = Some(extent);
        } else if extents[id.0].is_none() {
            extents[id.0] = Some(Extent { depth: 0, size: 0 });
            open.push((id, true));
            open.extend(parts.into_iter().filter(|part| extents[part.0].is_none()).map(|part| (part, false)));
        }
    }
    Ok(())
}

#[derive(Clone, Copy)]
struct Extent {
    depth: usize,
    size: usize,
}

/// The types that a type holds.
pub(crate) fn parts(schema: &Schema, id: NodeId) -> Vec<NodeId> {
    match schema.kind(id) {
        Kind::Record { fields, .. } => fields.iter().map(|field| field.node).collect(),
        Kind::Array(inner) | Kind::Map(inner) => vec![*inner],
        Kind::Union(branches) => branches.clone(),
        _ => Vec::new(),
    }
}
