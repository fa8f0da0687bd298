//! What texts have in common: all of them times, dates or UUIDs. The codec has the word on each.

use std::sync::LazyLock;

use kch_avro::names::is_name;
use kch_avro::{Encoder, JsonMode, Plan};

/// More different values than this are no enum's, so that memory has a bound.
pub(crate) const MOST_SYMBOLS: usize = 256;

/// Texts at one place.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts {
    pub(super) count: u64,
    dates: u64,
    uuids: u64,
    /// Times with a zone.
    times: u64,
    /// Times without one.
    local_times: u64,
    /// Digits of a second, at most.
    digits: usize,
    /// Times in a zone other than UTC.
    pub(super) zoned: u64,
    symbols: Symbols,
}

/// The different values, as long as each could be an enum's symbol.
#[derive(Clone, Debug, Default)]
struct Symbols {
    all: Vec<String>,
    /// One was no symbol, or there were too many.
    none: bool,
}

impl Symbols {
    fn see(&mut self, text: &str) {
        if self.none || self.all.iter().any(|known| known == text) {
            return;
        }
        if self.all.len() == MOST_SYMBOLS || !is_name(text) {
            *self = Symbols { all: Vec::new(), none: true };
        } else {
            self.all.push(text.to_owned());
        }
    }
}

/// What all texts at a place are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Any,
    Date,
    Uuid,
    /// With digits of a second: 3, 6 or 9.
    Time(usize),
    LocalTime(usize),
}

impl Texts {
    pub(super) fn see(&mut self, text: &str) {
        self.count += 1;
        self.symbols.see(text);
        let bytes = text.as_bytes();
        let dated = bytes.len() >= 10 && bytes[4] == b'-' && bytes[7] == b'-' && bytes[0].is_ascii_digit();
        if bytes.len() == 36 && bytes[8] == b'-' && UUID.takes(text) {
            self.uuids += 1;
        } else if dated && bytes.len() == 10 && DATE.takes(text) {
            self.dates += 1;
        } else if dated && bytes.len() > 16 && matches!(bytes[10], b'T' | b't' | b' ') {
            self.see_time(text);
        }
    }

    fn see_time(&mut self, text: &str) {
        let fraction = text.split_once('.').map_or("", |(_, rest)| rest);
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        let unit = match digits {
            0..=3 => 0,
            4..=6 => 1,
            _ => 2,
        };
        if TIMES[unit].takes(text) {
            self.times += 1;
            self.zoned += u64::from(!text.ends_with(['Z', 'z']) && !text.ends_with("+00:00"));
        } else if LOCAL_TIMES[unit].takes(text) {
            self.local_times += 1;
        } else {
            return;
        }
        self.digits = self.digits.max(digits);
    }

    pub(super) fn merge(&mut self, other: &Texts) {
        self.count += other.count;
        self.dates += other.dates;
        self.uuids += other.uuids;
        self.times += other.times;
        self.local_times += other.local_times;
        self.zoned += other.zoned;
        self.digits = self.digits.max(other.digits);
        self.symbols.none |= other.symbols.none;
        other.symbols.all.iter().for_each(|symbol| self.symbols.see(symbol));
    }

    /// The different values, when all of them could be symbols, there are at most so many, and they come up twice or more on
    /// average: names that are all different are no enum.
    pub(super) fn symbols(&self, most: usize) -> Option<&[String]> {
        let all = &self.symbols.all;
        let fit =
            !self.symbols.none && !all.is_empty() && all.len() <= most && self.count >= 2 * all.len() as u64;
        fit.then_some(all)
    }

    /// How many different values there are, when it is only that they do not come often enough.
    pub(super) fn seldom(&self, most: usize) -> Option<usize> {
        let count = self.symbols.all.len();
        let few = !self.symbols.none && count > 0 && count <= most;
        (few && self.symbols(most).is_none()).then_some(count)
    }

    pub(super) fn form(&self) -> Form {
        let digits = match self.digits {
            0..=3 => 3,
            4..=6 => 6,
            _ => 9,
        };
        match self.count {
            0 => Form::Any,
            all if all == self.dates => Form::Date,
            all if all == self.uuids => Form::Uuid,
            all if all == self.times => Form::Time(digits),
            all if all == self.local_times => Form::LocalTime(digits),
            _ => Form::Any,
        }
    }
}

/// A type that the codec is asked about.
struct Probe(LazyLock<Option<Plan>>);

impl Probe {
    fn takes(&self, text: &str) -> bool {
        let json = serde_json::Value::from(text).to_string();
        self.0.as_ref().is_some_and(|plan| {
            Encoder::new(plan, JsonMode::Plain).encode(json.as_bytes(), &mut Vec::new()).is_ok()
        })
    }
}

macro_rules! probe {
    ($base:literal, $logical:literal) => {
        Probe(LazyLock::new(|| {
            Plan::compile(concat!(r#"{"type":""#, $base, r#"","logicalType":""#, $logical, r#""}"#)).ok()
        }))
    };
}

static UUID: Probe = probe!("string", "uuid");
static DATE: Probe = probe!("int", "date");
static TIMES: [Probe; 3] = [
    probe!("long", "timestamp-millis"),
    probe!("long", "timestamp-micros"),
    probe!("long", "timestamp-nanos"),
];
static LOCAL_TIMES: [Probe; 3] = [
    probe!("long", "local-timestamp-millis"),
    probe!("long", "local-timestamp-micros"),
    probe!("long", "local-timestamp-nanos"),
];
