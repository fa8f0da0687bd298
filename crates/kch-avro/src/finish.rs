//! The second half of compiling, once every type is known: titles, sizes, how unions choose, defaults as bytes.
//!
//! The one constraint: nothing here recurses over the schema, which may be a long chain of names.

use std::collections::{HashMap, HashSet};

use crate::encode::Encoder;
use crate::error::SchemaError;
use crate::plan::{Branch, DefaultValue, Node, NodeId, Pick, Plan, Union};
use crate::reader::Kind;
use crate::text;
use crate::time::Time;

/// A default longer than this, in bytes, is taken for an attack.
pub(crate) const LONGEST_DEFAULT: usize = 1 << 20;

/// A union of which only the branches are known so far.
pub(crate) fn union_of(nodes: Vec<NodeId>) -> Union {
    let branch = |node| Branch {
        node,
        tag: "".into(),
        loose_tag: None,
        opening: [].into(),
        contested: true,
        bare: false,
    };
    Union { branches: nodes.into_iter().map(branch).collect(), picks: [Pick::None; 6], numbers: [].into() }
}

pub(crate) fn finish(
    nodes: Vec<Node>,
    names: &HashMap<NodeId, String>,
    root: NodeId,
    name: Option<Box<str>>,
) -> Result<Plan, SchemaError> {
    let titles = titles(&nodes, names);
    let least = least_sizes(&nodes);
    let mut plan = Plan { nodes, titles, least, root, name, names: HashMap::new() };
    for id in 0..plan.nodes.len() {
        if let Node::Union(union) = &plan.nodes[id] {
            let union = finish_union(union, &plan, names)?;
            plan.nodes[id] = Node::Union(union);
        }
    }
    encode_defaults(&mut plan);
    Ok(plan)
}

/// The name of a type without looking into it.
fn short_title(node: &Node, name: Option<&String>) -> String {
    let named = |kind: &str| format!("{kind} {}", name.map_or("?", String::as_str));
    match node {
        Node::Null => "null".into(),
        Node::Boolean => "boolean".into(),
        Node::Int => "int".into(),
        Node::Long => "long".into(),
        Node::Float => "float".into(),
        Node::Double => "double".into(),
        Node::Bytes => "bytes".into(),
        Node::String => "string".into(),
        Node::Fixed(size) => format!("{}({size})", named("fixed")),
        Node::Enum(_) => named("enum"),
        Node::Record(_) => named("record"),
        Node::Array(_) => "array".into(),
        Node::Map(_) => "map".into(),
        Node::Union(_) => "union".into(),
        Node::DecimalBytes(d) | Node::DecimalFixed(d, _) => format!("decimal({},{})", d.precision, d.scale),
        Node::UuidString | Node::UuidFixed => "uuid".into(),
        Node::Duration => "duration".into(),
        Node::Time(time) => time.name().into(),
    }
}

/// Titles: `null or long`, `array of string`. Three levels are enough for a message.
fn titles(nodes: &[Node], names: &HashMap<NodeId, String>) -> Vec<Box<str>> {
    let short = |id: usize| short_title(&nodes[id], names.get(&(id as NodeId)));
    let mut titles: Vec<String> = (0..nodes.len()).map(short).collect();
    for _ in 0..3 {
        let longer = |(id, node): (usize, &Node)| match node {
            Node::Array(items) => format!("array of {}", titles[*items as usize]),
            Node::Map(values) => format!("map of {}", titles[*values as usize]),
            Node::Union(union) if union.branches.is_empty() => "empty union".into(),
            Node::Union(union) if union.branches.len() > 8 => {
                format!("union of {} types", union.branches.len())
            }
            Node::Union(union) => union
                .branches
                .iter()
                .map(|b| titles[b.node as usize].as_str())
                .collect::<Vec<_>>()
                .join(" or "),
            _ => titles[id].clone(),
        };
        titles = nodes.iter().enumerate().map(longer).collect();
        titles.iter_mut().for_each(|title| title.truncate(title.floor_char_boundary(200)));
    }
    titles.into_iter().map(Into::into).collect()
}

/// Lower bounds of the sizes. A few rounds from zero upwards: each round's numbers are lower bounds, so stopping is always right.
fn least_sizes(nodes: &[Node]) -> Vec<usize> {
    let mut least = vec![0usize; nodes.len()];
    for _ in 0..8 {
        least = nodes
            .iter()
            .map(|node| match node {
                Node::Null => 0,
                Node::Float => 4,
                Node::Double => 8,
                Node::Fixed(size) | Node::DecimalFixed(_, size) => *size,
                Node::UuidFixed => 16,
                Node::Duration => 12,
                Node::Record(record) => {
                    record.fields.iter().fold(0usize, |sum, f| sum.saturating_add(least[f.node as usize]))
                }
                Node::Union(union) => 1usize
                    .saturating_add(union.branches.iter().map(|b| least[b.node as usize]).min().unwrap_or(0)),
                _ => 1,
            })
            .collect();
    }
    least
}

/// The key of a branch's tag, and the looser one if there is one.
fn tags(node: &Node, name: Option<&String>) -> (String, Option<String>) {
    let goavro = |base: &str, logical: &str| (base.to_owned(), Some(format!("{base}.{logical}")));
    match (node, name) {
        (_, Some(full)) => (full.clone(), full.rsplit_once('.').map(|(_, short)| short.to_owned())),
        (Node::DecimalBytes(_), _) => goavro("bytes", "decimal"),
        (Node::UuidString, _) => goavro("string", "uuid"),
        (Node::Time(time), _) => goavro(if time.is_int() { "int" } else { "long" }, time.name()),
        _ => (short_title(node, name), None),
    }
}

fn finish_union(union: &Union, plan: &Plan, names: &HashMap<NodeId, String>) -> Result<Union, SchemaError> {
    let mut tagged: Vec<(NodeId, String, Option<String>)> = Vec::new();
    let mut seen = HashSet::new();
    for branch in &union.branches {
        let node = plan.node(branch.node);
        let (tag, loose) = tags(node, names.get(&branch.node));
        if matches!(node, Node::Union(_)) {
            return Err(SchemaError::Malformed {
                at: "union".into(),
                expected: "no union directly inside a union",
                found: plan.title(branch.node).into(),
            });
        }
        if !seen.insert(tag.clone()) {
            return Err(SchemaError::Duplicate { at: "union".into(), name: tag });
        }
        tagged.push((branch.node, tag, loose));
    }
    let takes = |kind: Kind| {
        tagged
            .iter()
            .enumerate()
            .filter(move |(_, (node, ..))| accepts(plan.node(*node), kind))
            .map(|(at, _)| at as u32)
    };
    let pick = |kind: Kind| {
        let mut all = takes(kind);
        match (all.next(), all.next()) {
            (None, _) => Pick::None,
            (Some(one), None) => Pick::One(one),
            _ => Pick::Many,
        }
    };
    let mut picks = [Kind::Null, Kind::Bool, Kind::Number, Kind::String, Kind::Array, Kind::Object].map(pick);
    // A JSON string is a string first. Only an enum's symbols can be meant as well.
    let text = tagged.iter().position(|(node, ..)| matches!(plan.node(*node), Node::String));
    if let Some(text) =
        text.filter(|_| !tagged.iter().any(|(node, ..)| matches!(plan.node(*node), Node::Enum(_))))
    {
        picks[Kind::String as usize] = Pick::One(text as u32);
    }
    let mut numbers: Vec<u32> = takes(Kind::Number).collect();
    numbers.sort_by_key(|at| number_rank(plan.node(tagged[*at as usize].0)));
    // How often each tag, long or short, occurs; and every key that an object of some branch may have.
    let mut uses: HashMap<&str, usize> = HashMap::new();
    for (_, tag, loose) in &tagged {
        *uses.entry(tag).or_default() += 1;
        if let Some(loose) = loose.as_ref().filter(|loose| *loose != tag) {
            *uses.entry(loose).or_default() += 1;
        }
    }
    let short_is_unique = |short: &String| uses.get(short.as_str()) == Some(&1);
    let nodes = || tagged.iter().map(|(node, ..)| plan.node(*node));
    let has_map = nodes().any(|node| matches!(node, Node::Map(_)));
    let keys: HashSet<&[u8]> = nodes().flat_map(keys_of).collect();
    let branch = |(at, (node, tag, loose)): (usize, &(NodeId, String, Option<String>))| {
        let mut opening = vec![b'{'];
        text::write_string(tag, &mut opening);
        opening.push(b':');
        Branch {
            node: *node,
            tag: tag.as_str().into(),
            loose_tag: loose.clone().filter(short_is_unique).map(Into::into),
            opening: opening.into(),
            contested: has_map || keys.contains(tag.as_bytes()),
            bare: printed_kinds(plan.node(*node))
                .iter()
                .all(|kind| picks[*kind as usize] == Pick::One(at as u32)),
        }
    };
    let branches = tagged.iter().enumerate().map(branch).collect();
    Ok(Union { branches, picks, numbers: numbers.into() })
}

/// Whether a type takes this kind of JSON value, in plain mode.
fn accepts(node: &Node, kind: Kind) -> bool {
    match kind {
        Kind::Null => matches!(node, Node::Null),
        Kind::Bool => matches!(node, Node::Boolean),
        Kind::Array => matches!(node, Node::Array(_)),
        Kind::Object => matches!(node, Node::Record(_) | Node::Map(_) | Node::Duration),
        Kind::Number => number_rank(node) < u8::MAX,
        Kind::String => !matches!(
            node,
            Node::Null
                | Node::Boolean
                | Node::Int
                | Node::Long
                | Node::Record(_)
                | Node::Array(_)
                | Node::Map(_)
                | Node::Union(_)
                | Node::Duration
        ),
    }
}

/// Which kinds of JSON value a type prints as, in plain mode.
fn printed_kinds(node: &Node) -> &'static [Kind] {
    match node {
        Node::Null => &[Kind::Null],
        Node::Boolean => &[Kind::Bool],
        Node::Int | Node::Long => &[Kind::Number],
        Node::Float | Node::Double | Node::Time(_) => &[Kind::Number, Kind::String],
        Node::Array(_) => &[Kind::Array],
        Node::Record(_) | Node::Map(_) | Node::Duration | Node::Union(_) => &[Kind::Object],
        _ => &[Kind::String],
    }
}

/// The order in which a union's branches are asked for a number.
fn number_rank(node: &Node) -> u8 {
    match node {
        Node::Int => 0,
        Node::Time(time) if time.is_int() => 1,
        Node::Long => 2,
        Node::Time(Time::Timestamp(_) | Time::Local(_) | Time::OfDay(_)) => 3,
        Node::Float => 4,
        Node::Double => 5,
        Node::DecimalBytes(_) | Node::DecimalFixed(..) => 6,
        _ => u8::MAX,
    }
}

/// The keys that an object of this type may have, if it is a record.
fn keys_of(node: &Node) -> impl Iterator<Item = &[u8]> {
    let lookup = if let Node::Record(record) = node { &*record.lookup } else { &[] };
    lookup.iter().map(|(key, _)| &**key)
}

/// Turns the defaults from JSON text to bytes. A default may need other defaults; those not yet done are read from their text.
fn encode_defaults(plan: &mut Plan) {
    for id in 0..plan.nodes.len() {
        let count = if let Node::Record(record) = &plan.nodes[id] { record.fields.len() } else { 0 };
        for index in 0..count {
            let Node::Record(record) = &plan.nodes[id] else { continue };
            let field = &record.fields[index];
            let DefaultValue::Text(text) = &field.default else { continue };
            let mut bytes = Vec::new();
            let good = Encoder::for_defaults(plan).encode_default(field.node, text, &mut bytes);
            let default = if good { DefaultValue::Bytes(bytes.into()) } else { DefaultValue::Unfit };
            if let Node::Record(record) = &mut plan.nodes[id] {
                record.fields[index].default = default;
            }
        }
    }
}
