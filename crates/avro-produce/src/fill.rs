//! Values for fields that a line's JSON does not bring: the cells of CSV, the rules of `--set`, the built-in ones of bare lines.

use std::fmt::Write as _;

use kch_avro::{FieldInfo, Fill, Plan, Supply};
use kch_cli::{Failure, Result, Settings};

use crate::csv::Row;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Rule {
    Literal(String),
    Now { millis: bool },
    Line,
    Seq,
    Uuid,
}

impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Rule::Literal(text) => f.write_str(text),
            Rule::Now { .. } => f.write_str("@now"),
            Rule::Line => f.write_str("@line"),
            Rule::Seq => f.write_str("@seq"),
            Rule::Uuid => f.write_str("@uuid"),
        }
    }
}

/// The rules by field, and the line that they are asked for. One text buffer is reused for all of them.
#[derive(Debug)]
pub(crate) struct Filler {
    explicit: Vec<Option<Rule>>,
    bare: Vec<Option<Rule>>,
    for_bare: bool,
    /// The cells of the row, each by its field.
    cells: Vec<Option<String>>,
    /// For each column of CSV: its field, and whether an empty cell is a value there.
    columns: Vec<Option<(usize, bool)>>,
    line: String,
    records: u64,
    text: String,
}

impl Filler {
    /// Resolves `--set` rules against the schema.
    ///
    /// # Errors
    /// A usage failure for a field that the schema lacks (with the nearest name) or an unknown rule.
    pub(crate) fn new(plan: &Plan, sets: &[String], settings: &Settings) -> Result<Filler> {
        let fields = plan.record_fields().unwrap_or_default();
        let mut explicit = vec![None; fields.len()];
        for set in sets {
            let (name, value) = set
                .split_once('=')
                .ok_or_else(|| Failure::usage(format!("--set {set}: expected FIELD=VALUE")))?;
            let Some(at) = fields.iter().position(|field| field.name == name) else {
                let failure = Failure::usage(format!("--set {set}: the schema has no field {name:?}"));
                let nearest = kch_cli::nearest(name, fields.iter().map(|field| field.name));
                return Err(match nearest {
                    Some(nearest) => failure.hint(format!("did you mean {nearest:?}?")),
                    None => failure,
                });
            };
            explicit[at] = Some(parse_rule(value, fields[at].type_name, settings)?);
        }
        let built_in = |field: &kch_avro::FieldInfo<'_>| match field.name {
            _ if !field.required || !field.is_string => None,
            "ts" => Some(Rule::Now { millis: false }),
            "source" => Some(Rule::Literal("avro-produce".to_owned())),
            "payload" => Some(Rule::Line),
            _ => None,
        };
        let bare = fields
            .iter()
            .zip(&explicit)
            .map(|(field, rule)| rule.clone().or_else(|| built_in(field)))
            .collect();
        let (cells, columns) = (vec![None; fields.len()], Vec::new());
        let (line, text) = (String::new(), String::new());
        Ok(Filler { explicit, bare, for_bare: false, cells, columns, line, records: 0, text })
    }

    /// Tells which columns CSV has. An empty cell is no value, except in a field that must have a string.
    pub(crate) fn bind(&mut self, fields: &[FieldInfo<'_>], columns: &[String]) {
        let field_of = |column: &String| {
            let at = fields.iter().position(|field| field.name == *column)?;
            Some((at, fields[at].type_name == "string" && fields[at].required))
        };
        self.columns = columns.iter().map(field_of).collect();
    }

    /// Gives a field of bare lines a fixed value, unless `--set` names it; false if the schema does not have it.
    pub(crate) fn set_bare(&mut self, plan: &Plan, name: &str, value: &str) -> bool {
        let at = plan.record_fields().and_then(|fields| fields.iter().position(|field| field.name == name));
        if let Some(at) = at.filter(|&at| self.explicit[at].is_none()) {
            self.bare[at] = Some(Rule::Literal(value.to_owned()));
        }
        at.is_some()
    }

    /// Whether an object line can ask for anything at all.
    pub(crate) fn is_idle(&self) -> bool {
        self.explicit.iter().all(Option::is_none)
    }

    /// What each field gets that a line lacks, for `--explain`: by rule in objects, by rule in bare lines.
    pub(crate) fn describe(&self, field: usize) -> (Option<String>, Option<String>) {
        let text = |rules: &[Option<Rule>]| rules.get(field).and_then(Option::as_ref).map(Rule::to_string);
        (text(&self.explicit), text(&self.bare))
    }

    /// Turns to the next line. `bare` adds the built-in rules.
    pub(crate) fn turn_to(&mut self, line: &str, bare: bool) {
        self.for_bare = bare;
        self.records += 1;
        self.line.clear();
        self.line.push_str(line);
    }

    /// Turns to the next row of CSV.
    pub(crate) fn turn_to_row(&mut self, line: &str, row: Option<Row<'_>>) {
        self.turn_to(line, false);
        for (column, field) in self.columns.iter().enumerate() {
            let (Some((field, takes_empty)), Some(row)) = (field, row) else { continue };
            let cell = row.get(column).filter(|cell| *takes_empty || !cell.is_empty());
            let kept = &mut self.cells[*field];
            match cell {
                // The buffer is used again.
                Some(cell) => cell.clone_into(kept.get_or_insert_default()),
                None => *kept = None,
            }
        }
    }
}

impl Fill for Filler {
    fn fill(&mut self, field: usize) -> Option<Supply<'_>> {
        if let Some(Some(cell)) = self.cells.get(field) {
            return Some(Supply::Text(cell));
        }
        let rules = if self.for_bare { &self.bare } else { &self.explicit };
        let rule = rules.get(field)?.as_ref()?;
        self.text.clear();
        // Writing into a String cannot fail.
        let _ = match rule {
            Rule::Literal(text) => return Some(Supply::Text(text)),
            Rule::Line => return Some(Supply::Text(&self.line)),
            Rule::Now { millis: false } => write!(self.text, "{:.3}", jiff::Timestamp::now()),
            Rule::Now { millis: true } => write!(self.text, "{}", jiff::Timestamp::now().as_millisecond()),
            Rule::Seq => write!(self.text, "{}", self.records),
            Rule::Uuid => write!(self.text, "{}", uuid::Uuid::new_v4()),
        };
        Some(Supply::Text(&self.text))
    }
}

fn parse_rule(value: &str, type_name: &str, settings: &Settings) -> Result<Rule> {
    let Some(name) = value.strip_prefix('@') else { return Ok(Rule::Literal(value.to_owned())) };
    Ok(match name {
        "now" => Rule::Now { millis: type_name == "long" },
        "line" => Rule::Line,
        "seq" => Rule::Seq,
        "uuid" => Rule::Uuid,
        "host" => Rule::Literal(rustix::system::uname().nodename().to_string_lossy().into_owned()),
        _ if name.starts_with('@') => Rule::Literal(name.to_owned()),
        _ => match name.strip_prefix("env:") {
            Some(variable) => match settings.lookup(variable)? {
                Some((value, _)) => Rule::Literal(value),
                None => return Err(Failure::usage(format!("--set …={value}: {variable} is not set"))),
            },
            None => {
                return Err(Failure::usage(format!("--set …={value}: unknown rule"))
                    .hint("@now, @line, @seq, @uuid, @host, @env:NAME; write @@ for a leading @"));
            }
        },
    })
}

#[cfg(test)]
mod tests {
    use kch_avro::{Encoder, JsonMode};

    use super::*;

    const EVENT: &str = r#"{"type":"record","name":"E","fields":[{"name":"id","type":"long"},
        {"name":"source","type":"string"},{"name":"ts","type":"string"},{"name":"payload","type":"string"}]}"#;

    fn filler(sets: &[&str]) -> Result<Filler> {
        let plan = Plan::compile(EVENT).unwrap();
        let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
        Filler::new(&plan, &sets, &Settings::from_pairs([("REGION", "eu")]))
    }

    #[test]
    fn a_bare_line_is_filled_and_an_object_is_not() {
        let plan = Plan::compile(EVENT).unwrap();
        let mut filler = filler(&["source=@env:REGION"]).unwrap();
        let mut encoder = Encoder::new(&plan, JsonMode::Plain);
        let mut out = Vec::new();
        filler.turn_to("7", true);
        encoder.encode_bare(Supply::Json("7"), &mut filler, &mut out).unwrap();
        let mut json = Vec::new();
        kch_avro::Decoder::new(&plan, JsonMode::Plain).decode(&out, &mut json).unwrap();
        let json = String::from_utf8(json).unwrap();
        assert!(
            json.starts_with(r#"{"id":7,"source":"eu","ts":"20"#) && json.ends_with(r#","payload":"7"}"#),
            "{json}"
        );
        filler.turn_to(r#"{"id":7}"#, false);
        let error = encoder.encode_filled(br#"{"id":7}"#, &mut filler, &mut out).unwrap_err();
        assert_eq!(error.pointer(), "/ts");
    }

    #[test]
    fn a_rule_for_an_unknown_field_names_the_nearest() {
        let failure = filler(&["sorce=x"]).unwrap_err();
        assert_eq!(failure.hint_text(), Some(r#"did you mean "source"?"#));
        assert!(filler(&["source=@nwo"]).unwrap_err().text().contains("unknown rule"));
        assert!(filler(&["source=@env:NOPE"]).unwrap_err().text().contains("NOPE is not set"));
        assert_eq!(filler(&["source=@@home"]).unwrap().explicit[1], Some(Rule::Literal("@home".into())));
    }
}
