//! `sr infer`: a draft schema from lines of JSON, or from rows of CSV.

use kch_avro::names::is_name;
use kch_cli::{Exit, Failure, LineReader, MAX_LINE, Result, unpacker};
use kch_schema::{BadLine, Draft, Drafted, Inferring};

use crate::Desk;
use crate::rows::{Rows, settled};

const EXAMPLES: &str = "\
What is missing in some lines, or null, may be null. Texts that are all RFC 3339 times, dates or UUIDs get that logical type. \
Guesses to look at are on stderr. avro-produce takes the lines that the draft was made from. In CSV, an empty cell is null, and a column \
whose cells look like several things is one of texts.

Examples:
  avro-consume -t kafka-events | sr infer --name example.Copy > copy.avsc
  printf '{\"id\":1,\"at\":\"2026-11-22T10:00:00Z\"}\\n{\"id\":2}\\n' | sr infer --name shop.Order
  echo '{\"labels\":{\"app\":\"web\"}}' | sr infer --map labels -o json
  printf '{\"s\":\"OPEN\",\"p\":9.5}\\n{\"s\":\"OPEN\",\"p\":9.75}\\n' | sr infer --symbols 10 --decimals
  printf 'id,at,zip\\n1,2026-11-22,00123\\n2,,45678\\n' | sr infer --format csv --name shop.Order
  head -1000 orders.jsonl | sr infer --name shop.Order | sr register orders-value -";

/// How to draft.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Infer {
    /// The record's name; a namespace before it, as in shop.Order
    #[arg(long, value_name = "NAME", default_value = "Record", value_parser = full_name)]
    pub name: String,
    /// What stdin is
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: LineFormat,
    /// What stands between the cells of a line of CSV: a character, or tab. Otherwise a comma
    #[arg(long, value_name = "CHAR", value_parser = kch_cli::parse_delimiter)]
    pub delimiter: Option<u8>,
    /// int where all numbers fit. Otherwise long: it takes the same bytes, and the next id may be larger
    #[arg(long)]
    pub ints: bool,
    /// Leave times, dates and UUIDs as texts
    #[arg(long)]
    pub no_logical: bool,
    /// Texts of at most N different values, all of them symbols such as OPEN, are enums, if each comes twice on average
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=Inferring::MOST_ENUM_SYMBOLS as i64), hide_default_value = true)]
    pub symbols: u16,
    /// Numbers with a fraction are decimals with as many digits as were seen. Otherwise double, which is not exact
    #[arg(long)]
    pub decimals: bool,
    /// This field is a map and no record, by its path, such as order.labels; repeat for more
    #[arg(long = "map", value_name = "PATH")]
    pub maps: Vec<String>,
}

/// What there is to draft from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LineFormat {
    /// A value of JSON a line.
    #[default]
    Json,
    /// Rows of cells; the first one names the fields.
    Csv,
}

impl Infer {
    pub(crate) fn run(&self, desk: &mut Desk<'_>) -> Result<Exit> {
        let name = desk.io.input.name().to_owned();
        let drafted = match self.format {
            LineFormat::Json if self.delimiter.is_some() => {
                return Err(Failure::usage("--delimiter needs --format csv"));
            }
            LineFormat::Json => self.draft_lines(&name, desk)?,
            LineFormat::Csv => self.draft_rows(&name, desk)?,
        };
        if let Some(exit) = desk.io.signals.received() {
            return Ok(exit);
        }
        let drafted =
            drafted.ok_or_else(|| Failure::refused(format!("{name} has no lines to draft from")))?;
        drafted.notes.iter().for_each(|note| desk.io.messages.say(note));
        if drafted.schema["type"] == "array" {
            desk.io.messages.say(
                "the lines are arrays: jq -c '.[]' makes a line of each item, for a schema of the items",
            );
        }
        desk.document(&drafted.schema)
    }

    fn draft(&self) -> Draft {
        Draft::new(Inferring {
            name: self.name.clone(),
            ints: self.ints,
            plain_texts: self.no_logical,
            enums: self.symbols.into(),
            decimals: self.decimals,
            maps: self.maps.clone(),
        })
    }

    /// A signal cuts the input short.
    fn draft_lines(&self, name: &str, desk: &mut Desk<'_>) -> Result<Option<Drafted>> {
        let mut draft = self.draft();
        let mut lines = LineReader::new(&mut desk.io.input, MAX_LINE);
        while let Some(line) = lines.next_line().map_err(|error| Failure::from(error).context(name))?
            && desk.io.signals.received().is_none()
        {
            let at = format!("{name}:{}", line.number);
            let text = std::str::from_utf8(line.bytes).map_err(|_| no_text(&at, line.bytes))?;
            if !text.trim_ascii().is_empty() {
                draft.see(text).map_err(|error| bad_line(&at, &error))?;
            }
        }
        Ok(draft.schema())
    }

    fn draft_rows(&self, name: &str, desk: &mut Desk<'_>) -> Result<Option<Drafted>> {
        let (mut looks, mut texts) = (self.draft(), self.draft());
        let mut rows = Rows::open(&mut desk.io.input, self.delimiter.unwrap_or(b','), name)?;
        while let Some([look, text]) = rows.next()?
            && desk.io.signals.received().is_none()
        {
            let bad = |error| bad_line(&format!("{name}:{}", rows.line()), &error);
            looks.see(&look).map_err(bad)?;
            texts.see(&text).map_err(bad)?;
        }
        Ok(looks.schema().zip(texts.schema()).map(|(looks, texts)| settled(looks, texts)))
    }
}

fn no_text(at: &str, line: &[u8]) -> Failure {
    let failure = Failure::refused(format!("{at}: not UTF-8"));
    match unpacker(line) {
        Some(unpacker) => failure.hint(format!("it is packed: {unpacker} FILE | sr infer")),
        None => failure,
    }
}

/// JSON that goes over several lines is what people have most.
fn bad_line(at: &str, error: &BadLine) -> Failure {
    let failure = Failure::refused(format!("{at}: {error}"));
    match error.reason.starts_with("not JSON") {
        true => {
            failure.hint("a line is one JSON object: jq -c . makes lines of JSON that is written otherwise")
        }
        false => failure,
    }
}

/// A name, with its namespace if it has one.
fn full_name(text: &str) -> std::result::Result<String, String> {
    match text.split('.').all(is_name) {
        true => Ok(text.to_owned()),
        false => Err("write it as NAME or NAMESPACE.NAME, of letters, digits and underscores".to_owned()),
    }
}
