//! What every tool shares, so that six binaries behave like one: the exit codes, the error text, the settings and
//! where each came from, lines in and lines out, signals, and tables.
//!
//! The constraint it keeps: below `main` nothing exits, prints or reads the environment except through here.

mod args;
pub mod complete;
mod confirm;
mod count;
mod delimiter;
mod duration;
mod error;
mod error_format;
mod exit;
mod field;
mod front;
mod glob;
mod input;
mod manual;
mod nearest;
mod output;
mod packed;
mod rejects;
mod render;
mod run;
mod secret;
mod settings;
mod signals;
mod size;
mod usage;
pub mod vars;

pub use args::CommonArgs;
pub use complete::Shell;
pub use confirm::ConfirmArgs;
pub use count::count;
pub use delimiter::{other_delimiter, parse_delimiter};
pub use duration::parse_duration;
pub use error::{Explain, Failure, Result};
pub use error_format::ErrorFormat;
pub use exit::Exit;
pub use front::parse;
pub use glob::{is_glob, matches_glob};
pub use input::{Input, Line, LineError, LineReader, MAX_LINE};
pub use nearest::nearest;
pub use output::{Messages, Output};
pub use packed::unpacker;
pub use rejects::{NAMED_REJECTS, RejectFile, RejectLimit, raw_json};
pub use render::{Format, Render, RenderArgs};
pub use run::{Io, run};
pub use secret::{Secret, mask_address, mask_url};
pub use settings::{Setting, Settings, Source};
pub use signals::Signals;
pub use size::parse_size;
pub use usage::{Habit, cure};
pub use vars::Var;
