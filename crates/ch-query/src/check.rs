//! `ch-query check TABLE SUBJECT`: what becomes of the records of a schema in a table.

use kch_cli::{Exit, Failure, Format, Io, Render, Result, Settings};
use kch_registry::{Registry, Version};
use kch_schema::{Columns, Mapping, NoteKind, Route, Schema, columns};
use serde_json::{Value, json};

use crate::args::{CheckArgs, RouteName};
use crate::catalog::{self, Table};
use crate::fit::{Fit, fit};
use crate::session::Session;

/// The columns that would fit the subject's records. Not for use inside async code, as the registry's calls are not.
pub(crate) fn wanted(args: &CheckArgs, settings: &Settings, io: &Io) -> Result<Columns> {
    let registry = Registry::from_settings(settings)?.with_signals(io.signals.clone());
    let version = args.schema_version.map_or(Version::Latest, Version::Number);
    let registered = registry.subject_version(&args.subject, version)?;
    let references = registry.resolved(&registered.schema)?;
    let place = |why: &dyn std::fmt::Display| {
        Failure::refused(format!("{} version {}: {why}", args.subject, registered.version))
    };
    let schema =
        Schema::parse_with_references(&registered.schema.text, &references).map_err(|error| place(&error))?;
    columns(&schema, &Mapping { route: args.route.into(), ..Mapping::default() })
        .map_err(|error| place(&error))
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
    let rows = compare(wanted, &table, args.route.into());
    Render::new(format, &io.output).rows(&rows, &mut io.output)?;
    let fits = rows.iter().all(|row| row["verdict"] != "lost");
    Ok(if fits { Exit::Done } else { Exit::Refused })
}

fn compare(wanted: &Columns, table: &Table, route: Route) -> Vec<Value> {
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
        }));
        for note in wanted.notes.iter().filter(|note| root(&note.path) == column.name) {
            rows.push(note_row(&note.path, note.text));
        }
    }
    // Fields that no table can keep.
    let without_column = |path: &str| wanted.columns.iter().all(|column| column.name != root(path));
    for note in
        wanted.notes.iter().filter(|note| note.kind == NoteKind::LeftOut && without_column(&note.path))
    {
        rows.push(note_row(&note.path, note.text));
    }
    let unfilled = table.columns.iter().filter(|there| {
        there.takes_values() && wanted.columns.iter().all(|column| column.name != there.name)
    });
    rows.extend(unfilled.map(|there| {
        let why = match there.default_kind.as_str() {
            "" => "no field fills it: it gets the type's default",
            _ => "no field fills it: it gets its own default",
        };
        json!({"field": null, "avro": null, "fits": null, "column": format!("{} {}", there.name, there.kind), "verdict": "note", "why": why})
    }));
    rows
}

fn note_row(path: &str, text: &str) -> Value {
    json!({"field": path, "avro": null, "fits": null, "column": null, "verdict": "note", "why": text})
}

/// The field of the record that a path begins with.
fn root(path: &str) -> &str {
    path.split(['.', '[', '{', '<']).next().unwrap_or(path)
}

impl From<RouteName> for Route {
    fn from(name: RouteName) -> Route {
        match name {
            RouteName::Avro => Route::Avro,
            RouteName::Json => Route::Json,
        }
    }
}
