//! The latest rows of a table: the last ones by its sorting key, newest first.

use kch_cli::{Exit, Io, Result};

use crate::lexer::{Lexer, Token};
use crate::quoting::{escape, quote_table, table_parts};
use crate::session::{Query, Session};

const SORTING_KEY: &str = "SELECT sorting_key FROM system.tables \
     WHERE database = if({db:String} = '', currentDatabase(), {db:String}) AND name = {table:String}";

/// Prints the latest `limit` rows of `table`, which may have its database in front.
pub(crate) async fn show(session: &mut Session, table: &str, limit: u64, io: &mut Io) -> Result<Exit> {
    let (database, name) = table_parts(table);
    let params = [("db", &database), ("table", &name)].map(|(name, value)| (name.to_owned(), escape(value)));
    let key = match session.ask(SORTING_KEY, "TabSeparatedRaw", params.into(), io).await? {
        Ok(key) => key,
        Err(exit) => return Ok(exit),
    };
    let sql = select(table, key.trim(), limit);
    session.run(Query::whole(sql.as_bytes()), io).await
}

fn select(table: &str, sorting_key: &str, limit: u64) -> String {
    let order = terms(sorting_key).map(|term| format!("{term} DESC")).collect::<Vec<_>>().join(", ");
    let order = if order.is_empty() { order } else { format!(" ORDER BY {order}") };
    format!("SELECT * FROM {}{order} LIMIT {limit}", quote_table(table))
}

/// The expressions of a sorting key, without a direction that one may have.
fn terms(key: &str) -> impl Iterator<Item = &str> {
    let (mut lexer, mut depth, mut cuts) = (Lexer::new(key.as_bytes()), 0_usize, vec![0]);
    while let Some((at, token)) = lexer.next_token() {
        match token {
            Token::Other(b'(' | b'[') => depth += 1,
            Token::Other(b')' | b']') => depth = depth.saturating_sub(1),
            Token::Other(b',') if depth == 0 => cuts.extend([at, at + 1]),
            _ => {}
        }
    }
    cuts.push(key.len());
    let terms: Vec<&str> = cuts.chunks(2).map(|cut| key[cut[0]..cut[1]].trim()).collect();
    terms.into_iter().map(|term| term.trim_end_matches(" DESC")).filter(|term| !term.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_the_sorting_key_backwards() {
        assert_eq!(
            select("`a``b`", "cityHash64(id, 1), `x,y`", 5),
            "SELECT * FROM `a\\`b` ORDER BY cityHash64(id, 1) DESC, `x,y` DESC LIMIT 5"
        );
        assert_eq!(select("db.t", "", 10), "SELECT * FROM `db`.`t` LIMIT 10");
    }
}
