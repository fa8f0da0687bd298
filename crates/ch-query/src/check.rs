//! `ch-query check TABLE SUBJECT`: what becomes of the records of a schema in a table.

use kch_cli::{Exit, Failure, Format, Io, Render, Result, Settings};
use kch_registry::{Registry, Version, means_file, named};
use kch_schema::{Column, ColumnType, Columns, Mapping, Note, NoteKind, Route, Schema, columns};
use serde_json::{Value, json};

use crate::args::{CheckArgs, RouteName};
use crate::catalog::{self, Table};
use crate::fit::{Fit, fit};
use crate::plan;
use crate::quoting::{quote, quote_table};
use crate::session::Session;

/// A field without a column is no loss when it holds nothing.
const NOTHING: [&str; 2] = ["is always null", "has no bytes to keep"];

/// AvroConfluent wants a field for each column that the table is read or written with, those with a DEFAULT too.
const NOT_IN_AVRO: &str =
    "no field fills it: every record is refused, unless input_format_avro_allow_missing_fields = 1";
const NOT_FROM_AVRO: &str = "no field fills it: it gets its default where a materialized view fills the table; an INSERT of \
     AvroConfluent is refused, unless it names its columns, or input_format_avro_allow_missing_fields = 1";

/// The columns that would fit the schema's records. Not for use inside async code, as the registry's calls are not.
pub(crate) fn wanted(args: &CheckArgs, settings: &Settings, io: &mut Io) -> Result<Columns> {
    let (name, text, references) =
        if means_file(&args.schema) { of_file(args, io)? } else { of_subject(args, settings, io)? };
    let place = |why: &dyn std::fmt::Display| Failure::refused(format!("{name}: {why}"));
    let schema = Schema::parse_with_references(&text, &references).map_err(|error| place(&error))?;
    // Enums with their symbols, fixeds with their size: a String holds them as well, another enum or size may not.
    columns(&schema, &Mapping { route: args.route.into(), enums: true, sizes: true, ..Mapping::default() })
        .map_err(|error| place(&error))
}

/// What messages call a schema, its text, and the texts of what it refers to.
type Named = (String, String, Vec<String>);

fn of_file(args: &CheckArgs, io: &mut Io) -> Result<Named> {
    if args.schema_version.is_some() {
        return Err(Failure::usage("--schema-version is a subject's: a file has one version"));
    }
    let text = plan::read_text(&args.schema, io)?;
    let references = args.with.iter().map(|file| plan::read_text(file, io)).collect::<Result<_>>()?;
    Ok((if args.schema == "-" { "stdin" } else { &args.schema }.to_owned(), text, references))
}

fn of_subject(args: &CheckArgs, settings: &Settings, io: &Io) -> Result<Named> {
    if !args.with.is_empty() {
        return Err(Failure::usage("--with is for a file: the registry knows what a subject refers to"));
    }
    let (subject, version) = named(&args.schema, args.schema_version.map(Version::Number));
    let registry = Registry::from_settings(settings)?.with_signals(io.signals.clone());
    let registered = registry.subject_version(subject, version.unwrap_or(Version::Latest))?;
    let references = registry.resolved(&registered.schema)?;
    Ok((format!("{subject} version {}", registered.version), registered.schema.text, references))
}

/// Compares, and prints a row for each field and for each column that no field fills.
pub(crate) async fn run(
    args: &CheckArgs,
    wanted: &Columns,
    format: Option<Format>,
    session: &mut Session,
    io: &mut Io,
) -> Result<Exit> {
    let table = match catalog::find(&args.table, session, io).await? {
        Ok(table) => table,
        Err(exit) => return Ok(exit),
    };
    let rows = compare(wanted, &args.table, &table, args.route.into());
    // The verdict stands, also when nobody reads the rows.
    io.output.outlive_reader();
    Render::new(format, &io.output).rows(&rows, &mut io.output)?;
    let fits = rows.iter().all(|row| row["verdict"] != "lost");
    Ok(if fits { Exit::Done } else { Exit::Refused })
}

fn compare(wanted: &Columns, name: &str, table: &Table, route: Route) -> Vec<Value> {
    let mut rows = Vec::new();
    for column in &wanted.columns {
        let there = table.columns.iter().find(|there| there.name == column.name);
        let (verdict, why) = match there {
            None if route == Route::Json => {
                ("lost", "there is no such column: insert refuses the line".to_owned())
            }
            None => ("lost", "there is no such column: the field is passed over in silence".to_owned()),
            Some(there) if !there.takes_values() => ("lost", format!("the column is {}", there.default_kind)),
            Some(there) => match fit(&column.column_type, &there.kind, route) {
                Fit::Kept if route == Route::Sink && gets_default_for_null(column, there) => {
                    ("lost", format!("the sink writes DEFAULT {} for null", there.default_expression))
                }
                Fit::Kept => ("kept", String::new()),
                Fit::Not(why) => ("lost", why),
            },
        };
        rows.push(json!({
            "field": column.name,
            "avro": column.avro,
            "fits": column.column_type.to_string(),
            "column": there.map(|there| there.kind.as_str()),
            "verdict": verdict,
            "why": why,
            "cure": match there {
                None => Some(add_column(name, column)),
                Some(there) => modify_column(name, column, there, route),
            },
        }));
        for note in wanted.notes.iter().filter(|note| root(&note.path) == column.name) {
            rows.push(note_row(note));
        }
    }
    // Fields that no table can keep.
    let without_column = |path: &str| wanted.columns.iter().all(|column| column.name != root(path));
    for note in
        wanted.notes.iter().filter(|note| note.kind >= NoteKind::LeftOut && without_column(&note.path))
    {
        rows.push(note_row(note));
    }
    let unfilled = table.columns.iter().filter(|there| {
        there.takes_values() && wanted.columns.iter().all(|column| column.name != there.name)
    });
    rows.extend(unfilled.map(|there| {
        let (verdict, why) = match (there.default_kind.as_str(), route) {
            ("", Route::Sink) if !takes_null(&there.kind) => {
                ("lost", "no field fills it: the sink refuses every record; give the column a DEFAULT")
            }
            ("", Route::Sink) => ("note", "no field fills it: it gets null"),
            (_, Route::Avro) if table.engine == "Kafka" => ("lost", NOT_IN_AVRO),
            (_, Route::Avro) => ("note", NOT_FROM_AVRO),
            ("", Route::Json) => ("note", "no field fills it: it gets the type's default"),
            _ => ("note", "no field fills it: it gets its own default"),
        };
        json!({"field": null, "avro": null, "fits": null, "column": format!("{} {}", there.name, there.kind), "verdict": verdict, "why": why, "cure": null})
    }));
    rows
}

/// The statement that gives the table the column that it lacks.
fn add_column(table: &str, column: &Column) -> String {
    let (table, name) = (quote_table(table), quote(&column.name));
    format!("ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {name} {}", column.column_type)
}

/// The statement that makes a column wide enough, which loses nothing of what is in it; `None` where there is no such type,
/// the column has it, or the table is sorted or parted by it.
fn modify_column(table: &str, column: &Column, there: &catalog::Column, route: Route) -> Option<String> {
    let is_key = there.in_sorting_key || there.in_partition_key;
    if is_key || !there.takes_values() || fit(&column.column_type, &there.kind, route) == Fit::Kept {
        return None;
    }
    let (wanted, may_be_null) = match &column.column_type {
        ColumnType::Nullable(inner) => (&**inner, true),
        other => (other, false),
    };
    let bare = there.kind.strip_prefix("Nullable(").and_then(|kind| kind.strip_suffix(')'));
    let (kind, was_null) = (bare.unwrap_or(&there.kind), bare.is_some());
    let kind = match (wanted, kind) {
        (ColumnType::Int64, "Int8" | "Int16" | "Int32" | "UInt8" | "UInt16" | "UInt32") => "Int64",
        (ColumnType::Int32, "Int8" | "Int16" | "UInt8" | "UInt16") => "Int32",
        (ColumnType::Float64, "Float32") => "Float64",
        (_, kind) if fit(wanted, kind, route) == Fit::Kept && may_be_nullable(kind) => kind,
        _ => return None,
    };
    let kind = if may_be_null || was_null { format!("Nullable({kind})") } else { kind.to_owned() };
    let (table, name) = (quote_table(table), quote(&column.name));
    Some(format!("ALTER TABLE {table} MODIFY COLUMN {name} {kind}"))
}

fn may_be_nullable(kind: &str) -> bool {
    const NOT: [&str; 7] =
        ["Array(", "Map(", "Tuple(", "LowCardinality(", "Variant(", "JSON", "SimpleAggregateFunction("];
    !NOT.iter().any(|prefix| kind.starts_with(prefix))
}

/// The sink writes no null where the column has a default, whatever the column could hold.
fn gets_default_for_null(column: &Column, there: &catalog::Column) -> bool {
    let may_be_null = match column.column_type {
        ColumnType::Nullable(_) => true,
        ColumnType::Variant(_) => column.avro.split(" or ").any(|branch| branch == "null"),
        _ => false,
    };
    may_be_null && !matches!(there.default_expression.as_str(), "" | "NULL")
}

fn takes_null(kind: &str) -> bool {
    ["Nullable(", "LowCardinality(Nullable(", "Variant("].iter().any(|prefix| kind.starts_with(prefix))
}

fn note_row(note: &Note) -> Value {
    let lost = note.kind >= NoteKind::Lost && !holds_nothing(note);
    let verdict = if lost { "lost" } else { "note" };
    json!({"field": note.path, "avro": null, "fits": null, "column": null, "verdict": verdict, "why": note.text, "cure": null})
}

/// Of an array or a map of nothings the length is lost, or the keys.
fn holds_nothing(note: &Note) -> bool {
    NOTHING.contains(&note.text) && !note.path.contains(['[', '{'])
}

/// The field of the record that a path begins with.
fn root(path: &str) -> &str {
    path.split(['.', '[', '{', '<']).next().unwrap_or(path)
}

impl From<RouteName> for Route {
    fn from(name: RouteName) -> Route {
        match name {
            RouteName::Avro => Route::Avro,
            RouteName::Sink => Route::Sink,
            RouteName::Json => Route::Json,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_made_as_wide_as_the_values_and_no_key_is_touched() {
        let cure = |avro: &str, kind: &str, in_sorting_key: bool| {
            let text = format!(r#"{{"type":"record","name":"R","fields":[{{"name":"v","type":{avro}}}]}}"#);
            let wanted = columns(
                &Schema::parse(&text).unwrap(),
                &Mapping { route: Route::Json, ..Mapping::default() },
            )
            .unwrap();
            let there = catalog::Column {
                name: "v".into(),
                kind: kind.into(),
                in_sorting_key,
                ..catalog::Column::default()
            };
            let rows =
                compare(&wanted, "t", &Table { columns: vec![there], ..Table::default() }, Route::Json);
            let cure = rows[0]["cure"].as_str().unwrap_or("none").to_owned();
            cure.replace("ALTER TABLE `t` MODIFY COLUMN `v` ", "")
        };
        let nullable = r#"["null","long"]"#;
        assert_eq!(cure(nullable, "Int64", false), "Nullable(Int64)");
        assert_eq!(cure(nullable, "Int64", true), "none");
        assert_eq!(cure(nullable, "Int32", false), "Nullable(Int64)");
        assert_eq!(cure(nullable, "Nullable(Int32)", false), "Nullable(Int64)");
        assert_eq!(cure(nullable, "Nullable(Int64)", false), "none");
        assert_eq!(cure(r#""long""#, "Nullable(UInt32)", false), "Nullable(Int64)");
        assert_eq!(cure(r#""long""#, "UInt64", false), "none");
        assert_eq!(cure(r#""double""#, "Float32", false), "Float64");
        assert_eq!(cure(r#"["null","string"]"#, "LowCardinality(String)", false), "none");
        let time = r#"["null",{"type":"long","logicalType":"timestamp-millis"}]"#;
        assert_eq!(cure(time, "DateTime64(3, 'UTC')", false), "Nullable(DateTime64(3, 'UTC'))");
    }

    #[test]
    fn a_field_that_can_have_no_column_is_lost_unless_it_holds_nothing() {
        let schema = Schema::parse(
            r#"{"type":"record","name":"R","fields":[
                {"name":"id","type":"long"},
                {"name":"nothing","type":"null"},
                {"name":"empty","type":{"type":"fixed","name":"F","size":0}},
                {"name":"nothings","type":{"type":"array","items":"null"}},
                {"name":"huge","type":{"type":"bytes","logicalType":"decimal","precision":77}},
                {"name":"part","type":{"type":"record","name":"P","fields":[{"name":"none","type":"null"}]}},
                {"name":"text","type":["string","bytes"]}]}"#,
        )
        .unwrap();
        let wanted = columns(&schema, &Mapping { route: Route::Avro, ..Mapping::default() }).unwrap();
        let id = catalog::Column { name: "id".into(), kind: "Int64".into(), ..catalog::Column::default() };
        let table = Table { columns: vec![id], ..Table::default() };
        let rows = compare(&wanted, "t", &table, Route::Avro);
        let verdicts: Vec<(&str, &str)> = rows
            .iter()
            .map(|row| (row["field"].as_str().unwrap(), row["verdict"].as_str().unwrap()))
            .collect();
        assert_eq!(
            verdicts,
            [
                ("id", "kept"),
                ("nothing", "note"),
                ("empty", "note"),
                ("nothings[]", "lost"),
                ("huge", "lost"),
                ("part.none", "note"),
                ("part", "lost"),
                ("text", "lost"),
            ]
        );
    }

    /// The fields' verdicts, for a table of these columns: name, type, default.
    fn verdicts(fields: &str, route: Route, columns: &[(&str, &str, &str)]) -> Vec<String> {
        let text = format!(r#"{{"type":"record","name":"R","fields":[{fields}]}}"#);
        let schema = Schema::parse(&text).unwrap();
        let wanted = super::columns(&schema, &Mapping { route, ..Mapping::default() }).unwrap();
        let column = |(name, kind, default): &(&str, &str, &str)| catalog::Column {
            name: (*name).into(),
            kind: (*kind).into(),
            default_kind: if default.is_empty() { "" } else { "DEFAULT" }.into(),
            default_expression: (*default).into(),
            ..catalog::Column::default()
        };
        let table = Table { columns: columns.iter().map(column).collect(), ..Table::default() };
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let rows = compare(&wanted, "t", &table, route);
        rows.iter()
            .map(|row| format!("{} {}: {}", text(&row["verdict"]), text(&row["field"]), text(&row["why"])))
            .collect()
    }

    #[test]
    fn a_branch_that_the_sink_writes_null_for_is_lost() {
        let union = r#"{"name":"v","type":["string","long",{"type":"array","items":"string"}]}"#;
        assert_eq!(
            verdicts(union, Route::Sink, &[("v", "Variant(String, Int64)", "")]),
            [
                "kept v: ",
                "lost v<array of string>: the sink writes NULL for this branch of a union, in silence"
            ]
        );
    }

    #[test]
    fn a_default_that_the_sink_writes_for_null_is_a_loss() {
        let fields = r#"{"name":"a","type":["null","string"]},{"name":"b","type":"string"},
            {"name":"c","type":["null","string","long"]},{"name":"d","type":["string","long"]}"#;
        let variant = "Variant(String, Int64)";
        let columns = |default| {
            [
                ("a", "Nullable(String)", default),
                ("b", "String", default),
                ("c", variant, default),
                ("d", variant, default),
            ]
        };
        let lost = |field| format!("lost {field}: the sink writes DEFAULT 'x' for null");
        assert_eq!(
            verdicts(fields, Route::Sink, &columns("'x'")),
            [lost("a"), "kept b: ".to_owned(), lost("c"), "kept d: ".to_owned()]
        );
        let kept = ["kept a: ", "kept b: ", "kept c: ", "kept d: "];
        assert_eq!(verdicts(fields, Route::Sink, &columns("NULL")), kept);
        assert_eq!(verdicts(fields, Route::Avro, &columns("'x'")), kept);
    }

    #[test]
    fn a_null_that_comes_back_as_something_else_is_lost() {
        let fields = r#"{"name":"a","type":["null",{"type":"array","items":"long"}]}"#;
        let column = [("a", "Array(Int64)", "")];
        for route in [Route::Avro, Route::Sink] {
            assert_eq!(
                verdicts(fields, route, &column),
                ["kept a: ", "lost a: null becomes an empty array"],
                "{route:?}"
            );
        }
        let refused = &verdicts(fields, Route::Json, &column)[1];
        assert!(
            refused.starts_with("lost a: a line with null here is refused by ch-query insert"),
            "{refused}"
        );
    }
}
