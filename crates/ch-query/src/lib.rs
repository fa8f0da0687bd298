//! `ch-query`: ClickHouse from the shell, over HTTP.
//!
//! ```text
//! SQL  -> statements -> request -> answer -> stdout          rows end with the answer, an error behind them is found
//! stdin ---------------^                                     data of an INSERT, streamed
//! ```
//!
//! The constraint it keeps: exit code 0 means that the server has said so at the end of its answer, not at its head.

mod answer;
mod args;
pub mod exception;
mod latest;
mod lexer;
mod ping;
mod plan;
mod quoting;
mod run;
mod session;
pub mod sql;
pub mod tail;
mod upload;
mod watch;

pub use args::{Args, Output};
pub use run::run;
