//! JSON text to Avro binary and back, through a plan compiled once, with no value tree in between.
//!
//! This crate owns the codec, the schema registry's five byte [`frame`], and what a tool must know of a schema to
//! use them. The one constraint it keeps: it is pure. No I/O, no async, no clock, no unsafe code.
//!
//! # How values look in JSON
//!
//! | Avro | plain and tagged mode | Avro mode |
//! |---|---|---|
//! | `int`, `long` | a number; `1.0` and `1e3` are taken, a fraction or an overflow is refused | same |
//! | `float`, `double` | shortest number that reads back; `"NaN"`, `"Infinity"`, `"-Infinity"`. A fraction is rounded to the nearest; an integer that a `float` cannot hold, or of more than 17 digits that a `double` cannot hold, is refused | same |
//! | `bytes`, `fixed` | base64, standard alphabet, padded | a string of one character per byte |
//! | `decimal` | exact string out, string or number in, never rounded | bytes |
//! | `uuid` | 36 characters | string or bytes |
//! | dates and times | RFC 3339 out with all digits of the unit, RFC 3339 or integer in; an integer where there is no such text | integer |
//! | `duration` | `{"months":1,"days":2,"millis":3}` | bytes |
//! | union | bare, or `{"full.Name":v}` where bare would read back as another branch; tagged mode always tags | always tagged |
//!
//! Limits: 128 records, arrays and maps inside one another; 65,536 values of zero bytes in one datum; decimals of 9,800 digits.
//!
//! ```
//! use kch_avro::{Decoder, Encoder, JsonMode, Plan};
//!
//! let plan = Plan::compile(r#"{"type":"record","name":"Event","fields":[{"name":"id","type":"long"}]}"#)?;
//! let mut avro = Vec::new();
//! Encoder::new(&plan, JsonMode::Plain).encode(br#"{"id":5}"#, &mut avro)?;
//! assert_eq!(avro, [10]);
//! let mut json = Vec::new();
//! Decoder::new(&plan, JsonMode::Plain).decode(&avro, &mut json)?;
//! assert_eq!(json, br#"{"id":5}"#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![deny(missing_docs)]

mod compile;
mod decimal;
mod decode;
mod encode;
mod error;
mod finish;
pub mod frame;
mod number;
mod plan;
mod reader;
mod scan;
mod text;
mod time;
mod varint;

pub use compile::schema_json;
pub use decode::Decoder;
pub use encode::{Encoder, Fill, Supply};
pub use error::{DecodeError, DecodeReason, EncodeError, EncodeErrorKind, SchemaError};
pub use frame::FrameError;
pub use plan::{FieldInfo, Plan};

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

/// The names of the flag `--json`.
const JSON_MODES: [(&str, JsonMode); 3] =
    [("plain", JsonMode::Plain), ("tagged", JsonMode::Tagged), ("avro", JsonMode::Avro)];

impl std::fmt::Display for JsonMode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = JSON_MODES.iter().find(|(_, mode)| mode == self).map_or("", |(name, _)| name);
        f.write_str(name)
    }
}

impl std::str::FromStr for JsonMode {
    type Err = String;

    /// `plain`, `tagged` or `avro`.
    fn from_str(text: &str) -> Result<JsonMode, String> {
        let found = JSON_MODES.iter().find(|(name, _)| *name == text);
        found.map(|&(_, mode)| mode).ok_or_else(|| "expected plain, tagged or avro".to_owned())
    }
}
