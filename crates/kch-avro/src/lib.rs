//! JSON text to Avro binary and back, through a plan compiled once, with no value tree in between.
//!
//! This crate owns the codec, the schema registry's five byte [`frame`], the rules of [`names`], and what a tool must know
//! of a schema to use them. The one constraint it keeps: it is pure. No I/O, no async, no clock, no unsafe code.
//!
//! # How values look in JSON
//!
//! | Avro | plain and tagged mode | Avro mode |
//! |---|---|---|
//! | `int`, `long` | a number; `1.0` and `1e3` are taken, a fraction or an overflow is refused | same |
//! | `float`, `double` | shortest number that reads back; `"NaN"`, `"Infinity"`, `"-Infinity"`, and on the way in ClickHouse's `"nan"`, `"inf"`, `"-inf"`. A fraction is rounded to the nearest; an integer that a `float` cannot hold, or of more than 17 digits that a `double` cannot hold, is refused | same |
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
mod cursor;
mod decimal;
mod decode;
mod encode;
mod error;
mod finish;
pub mod frame;
mod inline;
pub mod names;
mod number;
mod plan;
mod reader;
mod resolve;
mod scan;
mod schema_text;
mod style;
mod text;
mod time;
mod varint;

pub use decode::Decoder;
pub use encode::{Encoder, Fill, Supply, Unknown};
pub use error::{DecodeError, DecodeReason, EncodeError, EncodeErrorKind, SchemaError};
pub use frame::FrameError;
pub use inline::inline;
pub use plan::{FieldInfo, Plan};
pub use resolve::Resolver;
pub use schema_text::{schema_json, without_comments};
pub use style::{BytesStyle, JsonMode, Logical, Style};
pub use varint::write as write_long;
