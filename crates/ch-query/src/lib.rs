//! `ch-query`: ClickHouse from the shell, over HTTP.
//!
//! ```text
//! SQL  -> statements -> request -> answer -> stdout          rows end with the answer, an error behind them is found
//! stdin ---------------^                                     data of an INSERT, parameters, or a table of the query
//! stdin -> lines -> batches -> request -> answer -> account  `insert`: sent again safely, cut at bad lines
//! ```
//!
//! The constraint it keeps: exit code 0 means that the server has said so at the end of its answer, not at its head.

mod answer;
mod args;
mod cap;
mod caret;
mod catalog;
mod check;
mod complete;
mod compress;
mod each;
pub mod exception;
mod explain;
mod external;
mod fit;
mod habit;
mod insert;
mod latest;
mod lexer;
mod nodes;
mod ping;
mod plan;
mod progress;
mod quoting;
mod request;
mod run;
mod session;
pub mod sql;
mod stdin;
mod summary;
pub mod tail;
mod text;
mod until;
mod upload;
mod watch;
mod written;

pub use args::{
    Args, CheckArgs, Compression, DescribeArgs, InsertArgs, Output, QueryArgs, RouteName, ServerArgs,
    TablesArgs, Verb,
};
pub use complete::COMPLETERS;
pub use habit::habit;
pub use run::run;
