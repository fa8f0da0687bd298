//! ClickHouse's errors: from the server's text to one line for people, a hint, and an exit code.

use kch_cli::{Exit, Failure};

/// An error that ClickHouse reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// ClickHouse's number of the error.
    pub code: u32,
    /// Its name, such as `UNKNOWN_TABLE`; old servers do not say it.
    pub name: Option<String>,
    /// What happened, in one line.
    pub message: String,
}

const START: &str = "Code: ";
const MIDDLE: &str = ". DB::Exception: ";
/// What ClickHouse names when a row has a field that a tuple of the table lacks.
const UNKNOWN_IN_TUPLE: &str = "input_format_json_ignore_unknown_keys_in_named_tuple";
/// Longer messages repeat the query or the data in their middle; the row's number comes last.
const SHOWN: usize = 400;

/// Authentication refused, or not allowed: one rule in all tools, exit code 2.
const REFUSED_CREDENTIALS: &[u32] = &[192, 193, 194, 497, 516];
/// Too many queries, too many parts, timeouts of sockets, lost replicas and keepers, shutting down: try again, exit code 3.
const TRY_AGAIN: &[u32] = &[202, 209, 210, 225, 242, 252, 279, 285, 319, 999];

impl Exception {
    /// Reads `Code: 60. DB::Exception: … (UNKNOWN_TABLE) (version …)`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Exception> {
        let text = &text[text.find(START)?..];
        let (code, rest) = text[START.len()..].split_once('.')?;
        let code = code.parse().ok()?;
        let rest = rest.trim_start();
        let rest = rest.strip_prefix("DB::Exception: ").unwrap_or(rest).trim_end();
        let rest = rest.rfind(" (version ").map_or(rest, |at| &rest[..at]);
        let (message, name) = match rest.rsplit_once(" (") {
            Some((message, name)) if is_name(name) => (message, name.strip_suffix(')').map(str::to_owned)),
            _ => (rest, None),
        };
        Some(Exception { code, name, message: one_line(without_list(message)) })
    }

    /// An error of which only the number is known, from the `X-ClickHouse-Exception-Code` header.
    #[must_use]
    pub fn from_code(code: u32) -> Exception {
        Exception { code, name: None, message: "the server gave no message".to_owned() }
    }

    /// What the exit code is.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self.code {
            code if REFUSED_CREDENTIALS.contains(&code) => Exit::Usage,
            code if TRY_AGAIN.contains(&code) && !self.is_one_insert_too_wide() => Exit::Unavailable,
            _ => Exit::Refused,
        }
    }

    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self.code {
            10 | 117 if self.message.contains(UNKNOWN_IN_TUPLE) => {
                "leave the field out, or let ClickHouse skip it: -s input_format_json_ignore_unknown_keys_in_named_tuple=1"
            }
            117 if self.is_unknown_field() => {
                "leave the field out, or let ClickHouse skip it: -s input_format_skip_unknown_fields=1"
            }
            60 => "SHOW TABLES lists the tables; --database picks another database",
            81 => "SHOW DATABASES lists the databases",
            164 if self.message.contains("readonly mode")
                && self.message.contains("Cannot execute query") =>
            {
                "--readonly, or the user's own setting readonly, lets a query only read"
            }
            164 => "the user may only read, without changing settings: leave out -s, or use another user",
            192..=194 | 516 => "set CLICKHOUSE_USER and CLICKHOUSE_PASSWORD in .env or the environment",
            456 => "give the value with -p NAME=VALUE",
            497 => "CLICKHOUSE_USER says who asks; SHOW GRANTS lists what this user may do",
            252 if self.is_one_insert_too_wide() => {
                "insert into fewer partitions at once, or allow more: -s max_partitions_per_insert_block=1000"
            }
            202 => "wait a moment and try again; SELECT query, elapsed FROM system.processes shows what runs",
            252 => {
                "wait for its merges (SELECT * FROM system.merges), then insert fewer and larger blocks, as ch-query insert does"
            }
            241 if self.message.contains("(total)") || self.message.contains("(for user)") => {
                "others use it too: wait and try again; SELECT query, memory_usage FROM system.processes shows who"
            }
            241 => "take fewer rows or columns at once, or allow more: -s max_memory_usage=BYTES",
            242 => {
                "it has lost the Keeper: SELECT table, is_readonly, zookeeper_exception FROM system.replicas says why; SYSTEM RESTART REPLICA TABLE takes it up again"
            }
            243 => {
                "a disk is full: SELECT name, path, formatReadableSize(free_space) FROM system.disks; ALTER TABLE … DROP PARTITION makes room"
            }
            _ => return None,
        })
    }

    /// Whether a row has a field that the table, or a tuple in it, lacks.
    pub(crate) fn is_unknown_field(&self) -> bool {
        [10, 117].contains(&self.code)
            && ["Unknown field", UNKNOWN_IN_TUPLE].iter().any(|sign| self.message.contains(sign))
    }

    /// Whether the rows of one block belong to more partitions than a block may. That has the code of a table with too
    /// many parts, but no waiting helps: fewer rows do.
    pub(crate) fn is_one_insert_too_wide(&self) -> bool {
        const SIGNS: [&str; 2] = ["max_partitions_per_insert_block", "partitions for single INSERT block"];
        self.code == 252 && SIGNS.iter().any(|sign| self.message.contains(sign))
    }

    /// The failure to report, for a query with this id.
    #[must_use]
    pub fn failure(&self, query_id: &str) -> Failure {
        let text =
            if query_id.is_empty() { self.to_string() } else { format!("{self} (query id {query_id})") };
        let failure = match self.exit() {
            Exit::Usage => Failure::usage(text),
            Exit::Unavailable => Failure::unavailable(text),
            _ => Failure::refused(text),
        };
        let failure = failure.fact("code", self.code).fact("name", self.name.clone());
        let failure = if query_id.is_empty() { failure } else { failure.fact("query_id", query_id) };
        match self.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

impl std::fmt::Display for Exception {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.name {
            Some(name) => write!(f, "code {} ({name}): {}", self.code, self.message),
            None => write!(f, "code {}: {}", self.code, self.message),
        }
    }
}

/// Where in `text` a server's error begins that ends the text: what servers before 25.11 append to rows.
#[must_use]
pub fn find_at_end(text: &[u8]) -> Option<usize> {
    let text = text.trim_ascii_end();
    if !text.ends_with(b")") {
        return None;
    }
    memchr::memmem::rfind_iter(text, START).find(|&at| {
        let rest = &text[at + START.len()..];
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        digits > 0 && rest[digits..].starts_with(MIDDLE.as_bytes())
    })
}

fn is_name(text: &str) -> bool {
    let name = text.strip_suffix(')').unwrap_or_default();
    !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// A syntax error lists all that would have been right, often fifty things: that helps nobody.
fn without_list(message: &str) -> &str {
    match message.split_once(". Expected one of: ") {
        Some((what, list)) if list.matches(", ").count() > 4 => what,
        _ => message,
    }
}

/// White space becomes one space each, the end's full stop goes, and too long a middle is left out.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.truncate(line.trim_end_matches(['.', ' ']).len());
    let count = line.chars().count();
    if count > SHOWN {
        let (head, tail) = (line.chars().take(SHOWN / 2), line.chars().skip(count - SHOWN / 2));
        line = head.chain(['…']).chain(tail).collect();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_taken_apart() {
        let text = "Code: 60. DB::Exception: Table default.x does\nnot exist. (UNKNOWN_TABLE) (version 26.7.2.1 (official build))\n";
        let exception = Exception::parse(text).unwrap();
        assert_eq!(exception.to_string(), "code 60 (UNKNOWN_TABLE): Table default.x does not exist");
        assert_eq!(exception.exit(), Exit::Refused);
        let old = Exception::parse("Code: 6. DB::Exception: Cannot parse (at row 3)").unwrap();
        assert_eq!(old.to_string(), "code 6: Cannot parse (at row 3)");
        assert_eq!(Exception::parse("<html>Code: x</html>"), None);
        assert!(Exception::parse("Code: 1. DB::Exception: é").is_some());
    }

    #[test]
    fn the_code_decides_the_exit() {
        let exit = |code| Exception::from_code(code).exit();
        assert_eq!([516, 497].map(exit), [Exit::Usage; 2]);
        assert_eq!([209, 242, 252, 999].map(exit), [Exit::Unavailable; 4]);
        assert_eq!([62, 395].map(exit), [Exit::Refused; 2]);
    }

    #[test]
    fn waiting_is_advised_only_where_it_helps() {
        let hint = |message: &str| {
            let text = format!("Code: 252. DB::Exception: {message}. (TOO_MANY_PARTS) (version 26.7)");
            let exception = Exception::parse(&text).unwrap();
            assert_eq!(exception.exit() == Exit::Unavailable, !exception.is_one_insert_too_wide());
            exception.hint().unwrap()
        };
        assert!(hint("Too many parts (3000) in table").starts_with("wait for its merges"));
        assert!(
            hint("Too many partitions for single INSERT block (more than 100)")
                .starts_with("insert into fewer")
        );
        assert!(
            hint("The limit is controlled by 'max_partitions_per_insert_block'")
                .starts_with("insert into fewer")
        );
    }

    #[test]
    fn a_long_list_of_what_was_expected_is_left_out() {
        let parse = |list: &str| {
            let text =
                format!("Code: 62. DB::Exception: Syntax error: x. Expected one of: {list}. (SYNTAX_ERROR)");
            Exception::parse(&text).unwrap().message
        };
        assert_eq!(parse("a, b, c, d, e, f"), "Syntax error: x");
        assert_eq!(parse("a, b"), "Syntax error: x. Expected one of: a, b");
    }

    #[test]
    fn a_long_message_loses_its_middle() {
        let text = format!("Code: 27. DB::Exception: {} (at row 7)", "é".repeat(9999));
        let message = Exception::parse(&text).unwrap().message;
        assert_eq!(message.chars().count(), SHOWN + 1);
        assert!(message.ends_with("é (at row 7)"), "{message}");
    }

    #[test]
    fn an_error_at_the_end_of_rows_is_found_and_one_inside_them_is_not() {
        let rows = b"1\n2\nCode: 395. DB::Exception: x (NAME) (version 23.8.1.1)\n";
        assert_eq!(find_at_end(rows), Some(4));
        assert_eq!(find_at_end(b"Code: 395. DB::Exception: x (version 1)\n3\n"), None);
        assert_eq!(find_at_end(b"Code: x. (version 1)"), None);
    }
}
