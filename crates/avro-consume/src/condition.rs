//! `--where`: a condition on the fields of a line.
//!
//! `amount >= 10 and (status == "open" or customer.name =~ "^A") and not deleted == true`

use std::cmp::Ordering;

use regex_lite::Regex;
use serde_json::Value;

use crate::fields::{Object, parse_path};
use crate::moment::Moment;

/// A condition, read once.
#[derive(Clone, Debug)]
pub struct Condition(Node);

#[derive(Clone, Debug)]
enum Node {
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Compare { path: Path, operator: Operator, literal: Literal },
    Match { path: Path, regex: Regex },
}

/// Where a field is, and whether any record had it.
#[derive(Clone, Debug)]
struct Path {
    steps: Vec<String>,
    asked: bool,
    found: bool,
}

/// What a field is compared with; a text that is a time is a moment as well.
#[derive(Clone, Debug)]
struct Literal {
    value: Value,
    moment: Option<Moment>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

const OPERATORS: [(&str, Operator); 7] = [
    ("==", Operator::Equal),
    ("!=", Operator::NotEqual),
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("<", Operator::Less),
    (">", Operator::Greater),
    ("=", Operator::Equal),
];

impl Condition {
    /// Whether it holds for a line. A path that is not there is null; null equals null only and is neither less nor more
    /// than anything.
    pub(crate) fn holds(&mut self, line: &[u8]) -> bool {
        self.0.holds(line)
    }

    /// The paths that were looked for and that no record had.
    pub(crate) fn never_found(&self) -> Vec<String> {
        let mut paths = Vec::new();
        self.0.each_path(&mut |path| {
            if path.asked && !path.found {
                paths.push(path.steps.join("."));
            }
        });
        paths
    }
}

impl Node {
    fn holds(&mut self, line: &[u8]) -> bool {
        match self {
            Node::And(all) => all.iter_mut().all(|node| node.holds(line)),
            Node::Or(any) => any.iter_mut().any(|node| node.holds(line)),
            Node::Not(node) => !node.holds(line),
            Node::Compare { path, operator, literal } => {
                let order = literal.compare(&path.value(line));
                match operator {
                    Operator::Equal => order == Some(Ordering::Equal),
                    Operator::NotEqual => order != Some(Ordering::Equal),
                    Operator::Less => order == Some(Ordering::Less),
                    Operator::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
                    Operator::Greater => order == Some(Ordering::Greater),
                    Operator::GreaterOrEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
                }
            }
            Node::Match { path, regex } => match path.value(line) {
                Value::Null => false,
                Value::String(text) => regex.is_match(&text),
                other => regex.is_match(&other.to_string()),
            },
        }
    }

    fn each_path(&self, look: &mut impl FnMut(&Path)) {
        match self {
            Node::And(nodes) | Node::Or(nodes) => nodes.iter().for_each(|node| node.each_path(look)),
            Node::Not(node) => node.each_path(look),
            Node::Compare { path, .. } | Node::Match { path, .. } => look(path),
        }
    }
}

impl Path {
    fn value(&mut self, line: &[u8]) -> Value {
        let Ok(object) = serde_json::from_slice::<Object<'_>>(line) else { return Value::Null };
        let found = object.find(&self.steps);
        self.asked = true;
        self.found |= found.is_some();
        found.and_then(|value| serde_json::from_str(value.get()).ok()).unwrap_or_default()
    }
}

impl Literal {
    fn new(value: Value) -> Literal {
        let moment = value.as_str().and_then(Moment::of);
        Literal { value, moment }
    }

    /// How a field stands to it, if they can be compared. A text that is a number, as a decimal is printed, is one beside
    /// a number; two times are moments, however they are written.
    fn compare(&self, field: &Value) -> Option<Ordering> {
        match (field, &self.value) {
            (Value::Null, Value::Null) => Some(Ordering::Equal),
            (Value::Bool(field), Value::Bool(literal)) => Some(field.cmp(literal)),
            (Value::String(field), Value::String(literal)) => {
                let moments = || self.moment.and_then(|moment| Moment::of(field)?.compare(moment));
                moments().or_else(|| Some(field.as_str().cmp(literal)))
            }
            (Value::Number(field), Value::Number(literal)) => {
                numbers(&field.to_string(), &literal.to_string())
            }
            (Value::String(field), Value::Number(literal)) => numbers(field, &literal.to_string()),
            _ => None,
        }
    }
}

/// Integers exactly, all else as doubles.
fn numbers(left: &str, right: &str) -> Option<Ordering> {
    if let (Ok(left), Ok(right)) = (left.parse::<i128>(), right.parse::<i128>()) {
        return Some(left.cmp(&right));
    }
    left.parse::<f64>().ok()?.partial_cmp(&right.parse::<f64>().ok()?)
}

impl std::str::FromStr for Condition {
    type Err = String;

    fn from_str(text: &str) -> Result<Condition, String> {
        let mut parser = Parser { text, rest: text };
        let node = parser.any()?;
        parser.skip_space();
        if parser.rest.is_empty() { Ok(Condition(node)) } else { Err(parser.expected("and, or, or the end")) }
    }
}

/// Reads a condition from left to right.
struct Parser<'t> {
    text: &'t str,
    rest: &'t str,
}

impl<'t> Parser<'t> {
    fn any(&mut self) -> Result<Node, String> {
        let mut nodes = vec![self.all()?];
        while self.word("or") || self.sign("||") {
            nodes.push(self.all()?);
        }
        Ok(if nodes.len() == 1 { nodes.remove(0) } else { Node::Or(nodes) })
    }

    fn all(&mut self) -> Result<Node, String> {
        let mut nodes = vec![self.one()?];
        while self.word("and") || self.sign("&&") {
            nodes.push(self.one()?);
        }
        Ok(if nodes.len() == 1 { nodes.remove(0) } else { Node::And(nodes) })
    }

    fn one(&mut self) -> Result<Node, String> {
        if self.word("not") {
            return Ok(Node::Not(Box::new(self.one()?)));
        }
        if self.sign("(") {
            let inner = self.any()?;
            return if self.sign(")") { Ok(inner) } else { Err(self.expected(")")) };
        }
        let path = self.path()?;
        for (sign, negated) in [("=~", false), ("!~", true)] {
            if self.sign(sign) {
                let regex = self.regex()?;
                let node = Node::Match { path, regex };
                return Ok(if negated { Node::Not(Box::new(node)) } else { node });
            }
        }
        for (sign, operator) in OPERATORS {
            if self.sign(sign) {
                return Ok(Node::Compare { path, operator, literal: Literal::new(self.literal()?) });
            }
        }
        Err(self.expected("one of == != < <= > >= =~ !~"))
    }

    fn path(&mut self) -> Result<Path, String> {
        self.skip_space();
        let end = self
            .rest
            .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '-')))
            .unwrap_or(self.rest.len());
        let (path, rest) = self.rest.split_at(end);
        if parse_path(path).is_err() {
            return Err(self.expected("a path, a.b"));
        }
        self.rest = rest;
        let steps = path.split('.').map(str::to_owned).collect();
        Ok(Path { steps, asked: false, found: false })
    }

    /// A number, a text in quotes, true, false or null.
    fn literal(&mut self) -> Result<Value, String> {
        self.skip_space();
        if let Some(quoted) = self.rest.strip_prefix('\'') {
            let Some((text, rest)) = quoted.split_once('\'') else {
                return Err(self.expected("a closing '"));
            };
            self.rest = rest;
            return Ok(Value::String(text.to_owned()));
        }
        let end = match self.rest.strip_prefix('"') {
            Some(quoted) => closing_quote(quoted).map(|at| at + 2),
            None => self.rest.find(|c: char| c.is_whitespace() || matches!(c, ')' | '&' | '|')),
        };
        let (token, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        match serde_json::from_str(token) {
            Ok(value @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_))) => {
                self.rest = rest;
                Ok(value)
            }
            _ => Err(self.expected("a number, a text in quotes, true, false or null")),
        }
    }

    fn regex(&mut self) -> Result<Regex, String> {
        let Value::String(pattern) = self.literal()? else {
            return Err(self.expected("a regular expression in quotes"));
        };
        Regex::new(&pattern).map_err(|error| format!("{pattern:?} is no regular expression: {error}"))
    }

    fn sign(&mut self, sign: &str) -> bool {
        self.skip_space();
        match self.rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// A word that does not go on as a longer one, which would be a path.
    fn word(&mut self, word: &str) -> bool {
        self.skip_space();
        match self.rest.strip_prefix(word) {
            Some(rest) if rest.starts_with(|c: char| c.is_whitespace() || c == '(') => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn expected(&self, what: &str) -> String {
        let at = self.text.len() - self.rest.len();
        let found = match self.rest.split_whitespace().next() {
            Some(word) => format!("{word:?}"),
            None => "the end".to_owned(),
        };
        format!("expected {what} at character {}, found {found}", self.text[..at].chars().count() + 1)
    }
}

/// Where a JSON string that began ends: at the first quote that is not escaped.
fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"id":7,"big":9007199254740993,"price":"10.50","f":1.5,"ok":true,"no":null,"ts":"2026-11-22T10:00:00Z","in":{"a-b":[1,{"x":"yes"}]},"and":1}"#;

    fn holds(condition: &str) -> bool {
        let mut condition: Condition =
            condition.parse().unwrap_or_else(|error| panic!("{condition}: {error}"));
        condition.holds(LINE.as_bytes())
    }

    #[test]
    fn fields_are_compared_with_literals() {
        for good in [
            "id == 7",
            "id = 7",
            "id==7",
            "id != 8",
            "id >= 7 and id <= 7",
            "id < 7.5",
            "big > 9007199254740992",
            "price > 10.4",
            "price == 10.5",
            "price == \"10.50\"",
            "f == 1.50",
            "ok == true",
            "no == null",
            "nope == null",
            "nope != 3",
            "ts > '2026-11-22'",
            "ts == '2026-11-22T10:00:00.000Z'",
            "ts <= '2026-11-22T14:00:00+04:00'",
            "ts < '2026-11-22T10:00:00.001Z'",
            "ts =~ '^2026-11'",
            "ts !~ '^2025'",
            "id =~ '^7$'",
            "in.a-b.1.x == \"yes\"",
            "in.a-b.0 == 1",
            r#"(ts != "a \"quoted\\")"#,
            "(id==7)&&(ok==true)",
            "id == 1 or ok == true",
            "id == 1 || ok == true && f > 1",
            "not id == 1",
            "not (id == 7 and ok == false)",
            "and == 1 and (id == 7)",
        ] {
            assert!(holds(good), "{good}");
        }
        for bad in [
            "id == 8",
            "big == 9007199254740992",
            "no < 1",
            "no > 1",
            "nope =~ ''",
            "id == \"7\"",
            "ts > 5",
            "ok > 0",
            "id == 1 or id == 7 and ok == false",
        ] {
            assert!(!holds(bad), "{bad}");
        }
    }

    #[test]
    fn paths_that_no_record_had_are_known_as_far_as_they_were_looked_for() {
        let mut condition: Condition = "(nope == 3 and neither == 4) or id == 7".parse().unwrap();
        assert!(condition.holds(LINE.as_bytes()) && !condition.holds(b"null"));
        assert_eq!(condition.never_found(), ["nope"]);
    }

    #[test]
    fn what_is_no_condition_is_said_with_its_place() {
        for (text, said) in [
            ("", "expected a path, a.b at character 1, found the end"),
            ("id", "expected one of == != < <= > >= =~ !~ at character 3, found the end"),
            (
                "id == x",
                "expected a number, a text in quotes, true, false or null at character 7, found \"x\"",
            ),
            ("id == 1 id", "expected and, or, or the end at character 9, found \"id\""),
            ("(id == 1", "expected ) at character 9, found the end"),
            ("é =~ '('", "\"(\" is no regular expression: "),
            ("a..b == 1", "expected a path, a.b at character 1, found \"a..b\""),
        ] {
            let error = text.parse::<Condition>().unwrap_err();
            assert!(error.starts_with(said), "{text}: {error}");
        }
    }
}
