//! Numbers of things, in words.

use std::fmt::Display;

/// A number of things whose plural ends in s.
///
/// ```
/// use kch_cli::count;
///
/// assert_eq!(count(1, "record"), "1 record");
/// assert_eq!(count(0, "record"), "0 records");
/// ```
#[must_use]
pub fn count(number: impl Display, what: &str) -> String {
    let number = number.to_string();
    let ending = if number == "1" { "" } else { "s" };
    format!("{number} {what}{ending}")
}
