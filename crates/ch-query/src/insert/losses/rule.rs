//! What a column of some type keeps of JSON, and where in a value something is lost.

use std::borrow::Cow;

use super::super::scan;
use super::days::Days;
use super::numbers::Whole;
use super::{glance, numbers};
use crate::written::Written;

/// The rule for a type.
#[derive(Debug)]
pub(super) struct Rule {
    /// The type, as ClickHouse writes it.
    written: String,
    /// Whether a null is kept, or refused by ClickHouse itself.
    null: bool,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Whole(Whole),
    /// How many bits it has.
    Float(u32),
    /// How many digits stand behind the point.
    Decimal(usize),
    Days(Days),
    /// Each item's rule.
    Array(Box<Rule>),
    /// Each key's and each value's rule.
    Map(Option<Box<Rule>>, Option<Box<Rule>>),
    /// Some parts' rules, by place and name.
    Tuple(Vec<(usize, String, Rule)>),
}

/// Something that is not kept.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Lost {
    /// Where in the field, from the inside out: `[2]`, `.name`.
    path: String,
    why: String,
}

impl Lost {
    fn inside(self, step: &str) -> Lost {
        Lost { path: format!("{step}{}", self.path), ..self }
    }

    pub(super) fn in_words(&self, field: &str) -> String {
        format!("field \"{field}{}\": {}", self.path, self.why)
    }
}

impl Rule {
    /// The rule of a type, where it needs one; `nulls` says that a null is the column's default on purpose.
    pub(super) fn of(written: &str, nulls: bool) -> Option<Rule> {
        let (kind, nullable) = Written::parse(written).unwrapped();
        let inner = |at: usize| kind.arguments.get(at).and_then(|inner| Rule::of(inner, nulls)).map(Box::new);
        let (rule, null_is_read) = match kind.name {
            "Float64" => (Kind::Float(64), true),
            // BFloat16 has the exponent of Float32.
            "Float32" | "BFloat16" => (Kind::Float(32), true),
            "Date" => (Kind::Days(Days::Date), true),
            "Date32" => (Kind::Days(Days::Date32), true),
            "DateTime" | "DateTime32" => (Kind::Days(Days::DateTime), false),
            "DateTime64" => (Kind::Days(Days::DateTime64), false),
            "Decimal" => (Kind::Decimal(kind.number(1).unwrap_or(0)), false),
            "Decimal32" | "Decimal64" | "Decimal128" | "Decimal256" => {
                (Kind::Decimal(kind.number(0).unwrap_or(0)), false)
            }
            "Array" => (Kind::Array(inner(0)?), false),
            "Map" => match (inner(0), inner(1)) {
                (None, None) => return None,
                (key, value) => (Kind::Map(key, value), false),
            },
            // Stored as a value of its type.
            "SimpleAggregateFunction" => return Rule::of(kind.arguments.get(1)?, nulls),
            "Tuple" => (Kind::Tuple(parts(&kind, nulls)?), false),
            "Nested" => {
                let item = Kind::Tuple(parts(&kind, nulls)?);
                (Kind::Array(Box::new(Rule { written: written.to_owned(), null: true, kind: item })), false)
            }
            name => (Kind::Whole(Whole::named(name)?), true),
        };
        Some(Rule { written: kind.to_string(), null: nulls || nullable || !null_is_read, kind: rule })
    }

    /// Looks at one JSON value.
    pub(super) fn check(&self, json: &[u8]) -> Result<(), Lost> {
        match &self.kind {
            _ if json == b"null" => self
                .null
                .then_some(())
                .ok_or_else(|| lost(format!("null, and the column is {}, not Nullable", self.written))),
            Kind::Array(rule) => scan::items(json)
                .enumerate()
                .try_for_each(|(at, item)| rule.check(item).map_err(|lost| lost.inside(&format!("[{at}]")))),
            Kind::Map(key, rule) => scan::members(json).try_for_each(|(name, member)| {
                let quoted = || [b"\"", name, b"\""].concat();
                let key = key.as_ref().map_or(Ok(()), |rule| rule.check(&quoted()));
                let value = rule.as_ref().map_or(Ok(()), |rule| rule.check(member));
                key.and(value).map_err(|lost| lost.inside(&format!(".{}", String::from_utf8_lossy(name))))
            }),
            Kind::Tuple(parts) => tuple(parts, json),
            _ if self.is_plain(json) => Ok(()),
            _ => self.fault(&String::from_utf8_lossy(json)).map_or(Ok(()), |why| Err(lost(why))),
        }
    }

    /// Why a value that is not nested is not kept.
    fn fault(&self, value: &str) -> Option<String> {
        let written = &self.written;
        match &self.kind {
            Kind::Whole(whole) => {
                whole.fault(value).map(|fault| format!("{} {fault} {written} ({whole})", shown(value)))
            }
            Kind::Float(bits) => {
                (!numbers::finite(value, *bits)).then(|| format!("{} does not fit {written}", shown(value)))
            }
            Kind::Decimal(scale) => (!numbers::decimal(value, *scale))
                .then(|| format!("{} has more digits than {written} keeps", shown(value))),
            Kind::Days(days) => days.fault(value).map(|why| format!("{} {why}", shown(value))),
            Kind::Array(_) | Kind::Map(..) | Kind::Tuple(_) => None,
        }
    }

    /// Whether a glance is enough to see that the value is kept.
    fn is_plain(&self, json: &[u8]) -> bool {
        match &self.kind {
            Kind::Whole(whole) => glance::whole(json, whole),
            Kind::Float(_) => glance::float(json),
            Kind::Decimal(places) => glance::decimal(json, *places),
            Kind::Days(_) => glance::day(json),
            Kind::Array(_) | Kind::Map(..) | Kind::Tuple(_) => false,
        }
    }
}

/// A value in a message: not all of a long one.
fn shown(value: &str) -> Cow<'_, str> {
    match value.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &value[..end]).into(),
        None => value.into(),
    }
}

fn lost(why: String) -> Lost {
    Lost { path: String::new(), why }
}

/// A tuple's parts that need a rule; a part is `Type` or `name Type`.
fn parts(tuple: &Written<'_>, nulls: bool) -> Option<Vec<(usize, String, Rule)>> {
    let parts = tuple.arguments.iter().enumerate().filter_map(|(at, part)| {
        let quoted = part.strip_prefix('`').and_then(|rest| rest.split_once("` "));
        let plain = part.split_once(' ').filter(|(name, _)| !name.contains('('));
        let (name, kind) = quoted.or(plain).unwrap_or(("", part));
        Some((at, name.to_owned(), Rule::of(kind, nulls)?))
    });
    let parts: Vec<_> = parts.collect();
    (!parts.is_empty()).then_some(parts)
}

fn tuple(parts: &[(usize, String, Rule)], json: &[u8]) -> Result<(), Lost> {
    let by_place = scan::items(json).enumerate().try_for_each(|(at, item)| {
        let part = parts.iter().find(|(place, ..)| *place == at);
        part.map_or(Ok(()), |(_, _, rule)| rule.check(item).map_err(|lost| lost.inside(&format!("[{at}]"))))
    });
    let by_name = scan::members(json).try_for_each(|(name, member)| {
        let part = parts.iter().find(|(_, known, _)| known.as_bytes() == name);
        part.map_or(Ok(()), |(_, known, rule)| {
            rule.check(member).map_err(|lost| lost.inside(&format!(".{known}")))
        })
    });
    by_place.and(by_name)
}
