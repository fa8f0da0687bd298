//! Why a schema may not follow another, for people on stderr and for programs in a row.

use kch_registry::Level;
use kch_schema::{Comparison, Direction, Mismatch, Place, Rules, Schema};
use serde_json::{Value, json};

/// Fragments of schemas are cut to so many characters for people.
const FRAGMENT: usize = 100;

/// What a level asks for.
pub(crate) fn rules(level: &Level) -> Rules {
    let transitive =
        matches!(level, Level::BackwardTransitive | Level::ForwardTransitive | Level::FullTransitive);
    Rules { backward: level.reads_old_records(), forward: level.lets_old_readers_read(), transitive }
}

/// The sentence, the kind, both places with what stands there, and the cure.
pub(crate) fn text(mismatch: &Mismatch, old: &Schema, new: &Schema) -> String {
    let side = |name: &str, schema: &Schema, place: &Place| {
        let fragment = schema.fragment(place).map(|part| shorten(&part.to_string())).unwrap_or_default();
        let pointer = if place.pointer.is_empty() { "(all)" } else { &place.pointer };
        format!("\n    {name} {pointer}  {fragment}")
    };
    format!(
        "{mismatch}\n    {}{}{}\n    cure: {}",
        mismatch.fault.code(),
        side("old", old, mismatch.old_place()),
        side("new", new, mismatch.new_place()),
        mismatch.cure()
    )
}

/// The same as JSON.
pub(crate) fn row(mismatch: &Mismatch, old: &Schema, new: &Schema) -> Value {
    let side = |schema: &Schema, place: &Place| json!({"pointer": place.pointer, "fragment": schema.fragment(place)});
    let direction = match mismatch.direction {
        Direction::Backward => "BACKWARD",
        Direction::Forward => "FORWARD",
    };
    json!({
        "kind": mismatch.fault.code(),
        "direction": direction,
        "path": mismatch.path,
        "message": mismatch.to_string(),
        "old": side(old, mismatch.old_place()),
        "new": side(new, mismatch.new_place()),
        "cure": mismatch.cure(),
    })
}

/// What can be read and means something else, for a warning each.
pub(crate) fn shifts(comparison: &Comparison) -> impl Iterator<Item = String> {
    comparison.shifts.iter().map(|shift| {
        format!(
            "warning: field \"{}\" was {} and is now {}: readers take the same bytes, and for another value",
            shift.path, shift.old, shift.new
        )
    })
}

fn shorten(text: &str) -> String {
    if text.chars().count() <= FRAGMENT {
        return text.to_owned();
    }
    format!("{}…", text.chars().take(FRAGMENT - 1).collect::<String>())
}
