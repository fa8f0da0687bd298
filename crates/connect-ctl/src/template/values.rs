//! The schema of the topic's values, and what the sink makes of it.

use kch_cli::{Failure, Io, Result};
use kch_registry::{Error as RegistryError, Registry, SchemaType};
use kch_schema::{Columns, Mapping, Note, NoteKind, Route, Schema, columns, sentences};
use serde_json::Value;

/// The schema, if the values are Avro. What the sink cannot write of it is said.
pub(super) fn schema_of(
    registry: &Registry,
    subject: Option<&str>,
    topic: &str,
    table: &str,
    io: &mut Io,
) -> Result<Option<Value>> {
    let default = format!("{topic}-value");
    let name = subject.unwrap_or(&default);
    let registered = match registry.latest(name) {
        Err(RegistryError::SubjectNotFound { .. }) if subject.is_none() => {
            io.messages.say(&format!("note: no subject {name}: the topic's values are taken for JSON"));
            return Ok(None);
        }
        registered => registered?,
    };
    let found = &registered.schema;
    if found.schema_type != SchemaType::Avro {
        return Err(Failure::refused(format!("the schema of {name} is {}, not Avro", found.schema_type)));
    }
    let refused = |why: &dyn std::fmt::Display| Failure::refused(format!("the schema of {name}: {why}"));
    let schema = Schema::parse_with_references(&found.text, &registry.resolved(found)?)
        .map_err(|error| refused(&error))?;
    let fits = |route| {
        columns(&schema, &Mapping { route, ..Mapping::default() })
            .map_err(|error| refused(&error).hint("the sink makes a column of each field of a record"))
    };
    for sentence in warnings(&fits(Route::Sink)?, fits(Route::Avro).ok().as_ref(), name) {
        io.messages.say(&format!("warning: {name}: {sentence}"));
    }
    if fits(Route::Sink)?.notes.iter().any(|note| note.kind == NoteKind::Refused) {
        io.messages.say(&format!(
            "note: as lines they come in too: sr ddl {name} --via json --table {table} | ch-query, then avro-consume -t \
             {topic} -f | ch-query insert {table}"
        ));
    }
    Ok(Some(serde_json::from_str(&found.text).unwrap_or_default()))
}

/// What is not told by `sr ddl` for its default way, which is ClickHouse's own reading of Avro.
fn warnings(sink: &Columns, own: Option<&Columns>, subject: &str) -> Vec<String> {
    let told = |note: &&Note| own.is_some_and(|own| own.notes.contains(note));
    let untold: Vec<Note> = sink
        .notes
        .iter()
        .filter(|note| note.kind > NoteKind::Lost || note.kind >= NoteKind::Lossy && !told(note))
        .cloned()
        .collect();
    let mut warnings = sentences(&untold);
    let others: Vec<&str> = sink
        .columns
        .iter()
        .filter(|column| own.is_some_and(|own| !own.columns.contains(column)))
        .map(|column| column.name.as_str())
        .collect();
    if !others.is_empty() {
        warnings.push(format!("{}: want the table of `sr ddl {subject} --via sink`", others.join(", ")));
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warnings_for(fields: &str) -> Vec<String> {
        let text =
            format!(r#"{{"type":"record","name":"R","fields":[{{"name":"id","type":"long"}},{fields}]}}"#);
        let schema = Schema::parse(&text).unwrap();
        let fits = |route| columns(&schema, &Mapping { route, ..Mapping::default() }).unwrap();
        warnings(&fits(Route::Sink), Some(&fits(Route::Avro)), "s-value")
    }

    #[test]
    fn what_the_sink_takes_needs_no_word() {
        let plain = r#"{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}},
            {"name":"note","type":["null","string"]}, {"name":"tags","type":{"type":"array","items":"string"}},
            {"name":"md5","type":{"type":"fixed","name":"MD5","size":16}}, {"name":"either","type":["string","long"]}"#;
        assert_eq!(warnings_for(plain), [""; 0]);
    }

    #[test]
    fn what_it_does_not_take_or_wants_another_table_for_is_said() {
        assert_eq!(
            warnings_for(r#"{"name":"m","type":["null",{"type":"map","values":"int"}]}"#),
            ["refused: m: a record with null here is refused, and its batch with it"]
        );
        assert_eq!(
            warnings_for(r#"{"name":"u","type":["string","bytes"]}"#),
            ["u: want the table of `sr ddl s-value --via sink`"]
        );
    }
}
