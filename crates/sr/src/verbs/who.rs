//! `sr who`: fields by their names, types and documentation, in the latest schemas of all subjects.

use kch_cli::{Exit, Failure, Result, count, is_glob, matches_glob};
use kch_schema::{Spot, spots};
use serde_json::json;

use crate::Desk;
use crate::latest::latest;

const EXAMPLES: &str = "\
TEXT is looked for in the names and aliases of fields, in their types (an enum's symbols too) and their documentation, \
in either case. With * or ? it is the whole name, as in a shell. The row without a path is the schema itself. What is \
referred to is looked into as well. Exit code 1 when nothing is found, as grep's.

Examples:
  sr who payload
  sr who 'smoke*' --in type -o table
  sr who timestamp --in type --prefix kafka- || echo none
  sr who id --exact --in name -q subject | sort -u";

/// What to look for, and where.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Who {
    /// A part of it, or all of it with * for any characters and ? for one
    pub text: String,
    /// Look there only; repeat for more
    #[arg(long = "in", value_name = "PART")]
    pub parts: Vec<Part>,
    /// Only what is TEXT and no more
    #[arg(short = 'x', long)]
    pub exact: bool,
    /// Only subjects whose names begin so; `:.eu:` is a context
    #[arg(long)]
    pub prefix: Option<String>,
}

/// What a field can be found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// Its name and aliases
    Name,
    /// Its type: its words, the names of named types, an enum's symbols
    Type,
    /// Its documentation
    Doc,
}

impl Who {
    pub(crate) fn run(&self, desk: &mut Desk<'_>) -> Result<Exit> {
        let registry = desk.registry()?;
        let prefix = self.prefix.as_deref().unwrap_or_default();
        let mut subjects = registry.subjects(false)?;
        subjects.retain(|subject| subject.starts_with(prefix));
        subjects.sort_unstable();
        let all = latest(&registry, &subjects)?;
        let wanted = Wanted::new(self);
        let mut rows = Vec::new();
        for of in &all {
            let schema = match &of.schema {
                Ok(schema) => schema,
                Err(unread) => {
                    desk.io.messages.say(&format!("{} is not looked into: {}", of.subject, unread.text()));
                    continue;
                }
            };
            for spot in spots(schema).into_iter().filter(|spot| wanted.is_in(spot)) {
                let Spot { path, title, doc, .. } = spot;
                rows.push(json!({"subject": of.subject, "version": of.version, "path": path, "type": title,
                    "doc": doc}));
            }
        }
        if rows.is_empty() {
            let among = count(all.iter().filter(|of| of.schema.is_ok()).count(), "subject");
            return Err(Failure::refused(format!(
                "nothing in the latest schemas of {among} has \"{}\"",
                self.text
            )));
        }
        desk.rows(&rows)
    }
}

/// TEXT, in lower case, and how to compare with it.
struct Wanted<'w> {
    text: String,
    whole: bool,
    parts: &'w [Part],
}

impl Wanted<'_> {
    fn new(who: &Who) -> Wanted<'_> {
        Wanted { text: who.text.to_lowercase(), whole: who.exact || is_glob(&who.text), parts: &who.parts }
    }

    fn is_in(&self, spot: &Spot<'_>) -> bool {
        let asks = |part| self.parts.is_empty() || self.parts.contains(&part);
        asks(Part::Name) && spot.names.iter().any(|name| self.fits(name))
            || asks(Part::Type) && spot.types.iter().any(|word| self.fits(word))
            || asks(Part::Doc) && spot.doc.is_some_and(|doc| self.fits(doc))
    }

    fn fits(&self, found: &str) -> bool {
        let found = found.to_lowercase();
        if self.whole { matches_glob(&self.text, &found) } else { found.contains(&self.text) }
    }
}
