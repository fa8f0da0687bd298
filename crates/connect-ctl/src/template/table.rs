//! Whether the table is there. Without it the sink makes a dead letter of every record, and runs on.

use std::time::Duration;

use kch_cli::{Io, Settings, vars};
use kch_http::{CLICKHOUSE, Limits, Service};

/// Says when ClickHouse, where we find it, has no such table. Who cannot be asked is not: the configuration is good without.
pub(super) fn warn_if_missing(settings: &Settings, table: &str, cure: &str, io: &mut Io) {
    if is_missing(settings, table, io).unwrap_or(false) {
        io.messages.say(&format!(
            "warning: ClickHouse has no table {table} yet, and without it every record becomes a dead letter: {cure}"
        ));
    }
}

fn is_missing(settings: &Settings, table: &str, io: &Io) -> Option<bool> {
    settings.secret(&vars::CLICKHOUSE_PASSWORD).ok()??;
    let limits =
        Limits { request: Duration::from_secs(5), unreachable: Duration::ZERO, busy: Duration::ZERO };
    let service = Service::from_settings(settings, &CLICKHOUSE).ok()?;
    let service = service.limits(limits).signals(io.signals.clone());
    let own = settings.require(&vars::CLICKHOUSE_DATABASE).ok()?;
    // As the sink takes it: what stands before a dot is another database.
    let (database, table) = table.split_once('.').unwrap_or((&own, table));
    let reply = service
        .get(&[])
        .query("database", database)
        .query("param_table", table)
        .query("query", "EXISTS TABLE {table:Identifier}")
        .send()
        .ok()?;
    Some(reply.is_success() && reply.body.trim() == "0")
}
