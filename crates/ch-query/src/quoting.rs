//! Values between SQL, URLs and people: escaping for parameters, unquoting for `SET` and `USE`.

use crate::lexer::{Lexer, Token};

/// A parameter's value is read as a tab-separated field is.
pub(crate) fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r")
}

/// An identifier in SQL.
pub(crate) fn quote(name: &str) -> String {
    format!("`{}`", name.replace('\\', "\\\\").replace('`', "\\`"))
}

/// The database and the name of `database.table`, quoted or not; no database when there is none.
pub(crate) fn table_parts(table: &str) -> (String, String) {
    let mut lexer = Lexer::new(table.as_bytes());
    let mut dot = None;
    while let Some((at, token)) = lexer.next_token() {
        if token == Token::Other(b'.') {
            dot = Some(at);
            break;
        }
    }
    match dot {
        Some(at) => (unquote(&table.as_bytes()[..at]), unquote(&table.as_bytes()[at + 1..])),
        None => (String::new(), unquote(table.as_bytes())),
    }
}

/// The table in SQL.
pub(crate) fn quote_table(table: &str) -> String {
    match table_parts(table) {
        (database, name) if database.is_empty() => quote(&name),
        (database, name) => format!("{}.{}", quote(&database), quote(&name)),
    }
}

/// The parameters of a statement whose type is a list, map or tuple: their values are read as SQL's, not as a field's.
pub(crate) fn composite_parameters(sql: &[u8]) -> Vec<String> {
    let mut lexer = Lexer::new(sql);
    let mut last = [Token::Other(b' '); 3];
    let mut names = Vec::new();
    while let Some((_, token)) = lexer.next_token() {
        let composite = ["Array", "Map", "Tuple"].iter().any(|kind| token.is_word(kind));
        if let ([Token::Other(b'{'), Token::Word(name), Token::Other(b':')], true) = (last, composite) {
            names.push(String::from_utf8_lossy(name).into_owned());
        }
        last = [last[1], last[2], token];
    }
    names
}

/// The text of a quoted string or identifier; anything else as it is.
pub(crate) fn unquote(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let quote = text.chars().next().filter(|quote| ['\'', '"', '`'].contains(quote));
    let inner =
        quote.and_then(|quote| text.strip_prefix(quote)?.strip_suffix(quote).map(|inner| (quote, inner)));
    let Some((quote, inner)) = inner else { return text.into_owned() };
    let mut out = String::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        out.push(if c == '\\' || c == quote { chars.next().unwrap_or(c) } else { c });
    }
    out
}

/// The pairs of `a = 1, b = 'x'`; `None` for what else `SET` can say.
pub(crate) fn assignments_of(text: &[u8]) -> Option<Vec<(String, String)>> {
    let mut lexer = Lexer::new(text);
    let mut pairs = Vec::new();
    loop {
        let (Some((_, Token::Word(name))), Some((_, Token::Other(b'=')))) =
            (lexer.next_token(), lexer.next_token())
        else {
            return None;
        };
        let from = lexer.position();
        let (mut to, mut depth, mut more) = (from, 0_usize, false);
        while let Some((_, token)) = lexer.next_token() {
            match token {
                Token::Other(b',') if depth == 0 => {
                    more = true;
                    break;
                }
                Token::Other(b'(' | b'[' | b'{') => depth += 1,
                Token::Other(b')' | b']' | b'}') => depth = depth.saturating_sub(1),
                _ => {}
            }
            to = lexer.position();
        }
        pairs.push((String::from_utf8_lossy(name).into_owned(), unquote(text[from..to].trim_ascii())));
        if !more {
            return Some(pairs);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_parameters_survive_the_servers_unescaping() {
        assert_eq!(escape("a\\N\tb\n"), "a\\\\N\\tb\\n");
    }

    #[test]
    fn a_table_may_have_its_database_in_front_and_be_quoted() {
        assert_eq!(quote_table("t"), "`t`");
        assert_eq!(quote_table("db.t"), "`db`.`t`");
        assert_eq!(quote_table("`a.b`.`c``d`"), "`a.b`.`c\\`d`");
        assert_eq!(table_parts("`a.b`"), (String::new(), "a.b".to_owned()));
    }

    #[test]
    fn parameters_that_are_lists_are_known() {
        let sql =
            b"SELECT {a:Array(String)}, { m : Map(String, Int8) }, {s:String}, {'x': 1}, '{b:Array(Int8)}'";
        assert_eq!(composite_parameters(sql), ["a", "m"]);
    }

    #[test]
    fn quotes_are_taken_off() {
        assert_eq!(unquote(b"'it''s \\'x'"), "it's 'x");
        assert_eq!(unquote(b"`a b`"), "a b");
        assert_eq!(unquote(b"10"), "10");
    }

    #[test]
    fn assignments_are_taken_apart() {
        let pairs =
            [("a", "1"), ("b", "x,y"), ("c", "[1,2]")].map(|(name, value)| (name.into(), value.into()));
        assert_eq!(assignments_of(b"a = 1, b='x,y' , c = [1,2]"), Some(pairs.into()));
        assert_eq!(assignments_of(b"ROLE x"), None);
    }
}
