//! How a value looks in JSON: the flags `--json`, `--logical` and `--bytes`.

use std::fmt;
use std::str::FromStr;

/// How a JSON text stands for an Avro datum.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum JsonMode {
    /// Union values bare where that reads back, `{"full.Name": v}` where it would not; logical types readable.
    #[default]
    Plain,
    /// As plain, but every union value that is not null is tagged.
    Tagged,
    /// The Avro specification's JSON encoding, as Java's `JsonEncoder` writes it.
    Avro,
}

/// How values of logical types are printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Logical {
    /// RFC 3339 times, decimals as exact numbers in text, durations as objects.
    #[default]
    Iso,
    /// The number or the bytes underneath.
    Raw,
}

/// How `bytes` and `fixed` are printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum BytesStyle {
    /// Standard alphabet, padded.
    #[default]
    Base64,
    /// Two lower case digits for each byte.
    Hex,
    /// One character of U+0000 to U+00FF for each byte.
    Latin1,
}

/// How a [`Decoder`](crate::Decoder) prints. Any [`JsonMode`] is one, with its own way of logical types and bytes; an encoder reads
/// back what a mode alone prints.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Style {
    /// Whether union values are tagged. With [`JsonMode::Avro`] the other two are the specification's: raw, Latin-1.
    pub json: JsonMode,
    /// Logical types.
    pub logical: Logical,
    /// Bytes.
    pub bytes: BytesStyle,
}

impl From<JsonMode> for Style {
    fn from(json: JsonMode) -> Style {
        match json {
            JsonMode::Avro => Style { json, logical: Logical::Raw, bytes: BytesStyle::Latin1 },
            _ => Style { json, ..Style::default() },
        }
    }
}

/// The names that a flag takes.
trait Names: Copy + PartialEq + 'static {
    const NAMES: &'static [(&'static str, Self)];
    const EXPECTED: &'static str;

    fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, value)| *value == self).map_or("", |(name, _)| name)
    }

    fn named(text: &str) -> Result<Self, String> {
        let found = Self::NAMES.iter().find(|(name, _)| *name == text);
        found.map(|&(_, value)| value).ok_or_else(|| format!("expected {}", Self::EXPECTED))
    }
}

impl Names for JsonMode {
    const NAMES: &'static [(&'static str, JsonMode)] =
        &[("plain", JsonMode::Plain), ("tagged", JsonMode::Tagged), ("avro", JsonMode::Avro)];
    const EXPECTED: &'static str = "plain, tagged or avro";
}

impl Names for Logical {
    const NAMES: &'static [(&'static str, Logical)] = &[("iso", Logical::Iso), ("raw", Logical::Raw)];
    const EXPECTED: &'static str = "iso or raw";
}

impl Names for BytesStyle {
    const NAMES: &'static [(&'static str, BytesStyle)] =
        &[("base64", BytesStyle::Base64), ("hex", BytesStyle::Hex), ("latin1", BytesStyle::Latin1)];
    const EXPECTED: &'static str = "base64, hex or latin1";
}

impl fmt::Display for JsonMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for JsonMode {
    type Err = String;

    /// `plain`, `tagged` or `avro`.
    fn from_str(text: &str) -> Result<JsonMode, String> {
        JsonMode::named(text)
    }
}

impl fmt::Display for Logical {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Logical {
    type Err = String;

    /// `iso` or `raw`.
    fn from_str(text: &str) -> Result<Logical, String> {
        Logical::named(text)
    }
}

impl fmt::Display for BytesStyle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for BytesStyle {
    type Err = String;

    /// `base64`, `hex` or `latin1`.
    fn from_str(text: &str) -> Result<BytesStyle, String> {
        BytesStyle::named(text)
    }
}
