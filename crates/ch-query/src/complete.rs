//! Completions of tables' names.

use kch_cli::complete::{ArgValueCompleter, Completer, LiveNames, live_names};
use kch_cli::{Failure, vars};
use kch_http::{CLICKHOUSE, Endpoint, Service};

/// What completes the tool's values, by their names.
pub const COMPLETERS: &[(&str, Completer)] = &[("TABLE", tables)];

/// JSON, so that no name can look like two.
const TABLES: &str = "SELECT groupArray(name) FROM system.tables WHERE database = currentDatabase() AND NOT is_temporary FORMAT JSONCompactEachRow";

/// The tables of the database.
fn tables() -> ArgValueCompleter {
    live_names("tables", |typed| {
        let mut settings = typed.settings()?;
        settings.set_flag(&vars::CLICKHOUSE_HTTP, typed.value("url"));
        settings.set_flag(&vars::CLICKHOUSE_USER, typed.value("user"));
        settings.set_flag(&vars::CLICKHOUSE_DATABASE, typed.value("database"));
        let database = settings.text(&vars::CLICKHOUSE_DATABASE)?.unwrap_or_default();
        let user = settings.text(&vars::CLICKHOUSE_USER)?.unwrap_or_default();
        let endpoints = Endpoint::all_from_settings(&settings, &CLICKHOUSE)?;
        let endpoint = endpoints.into_iter().next().ok_or_else(|| Failure::usage("no address"))?;
        let from = format!("{} {user} {database}", endpoint.base());
        let service = Service::new(endpoint)?;
        let fetch = move || {
            let request = service.get(&[]).query("database", &database).query("query", TABLES);
            let (names,): (Vec<String>,) = request.send()?.json()?;
            Ok(names)
        };
        Ok(LiveNames::new(from, fetch))
    })
}
