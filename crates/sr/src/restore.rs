//! A snapshot goes into a registry: with its ids and versions through IMPORT mode, or under new ids.

mod anew;
mod foreseen;
mod with_ids;

use kch_cli::{Messages, Result};
use kch_registry::Registry;
use serde_json::Value;

use crate::planned;
use crate::snapshot::{Entry, Snapshot};

/// How.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct How {
    /// Register the schemas anew: the registry gives them ids of its own, and versions from 1 on
    ///
    /// For registries without IMPORT mode, and where the ids are taken. Records that were written with the old ids need the
    /// old registry. Softly deleted versions are left out, unless something refers to them.
    #[arg(long)]
    pub new_ids: bool,
    /// Print what would be done
    #[arg(long)]
    pub dry_run: bool,
}

/// Where a snapshot goes.
pub(crate) struct Target<'m> {
    pub(crate) registry: Registry,
    /// The same, but no signal interrupts it.
    pub(crate) calm: Registry,
    pub(crate) messages: &'m mut Messages,
}

/// Puts `snapshot` into the target and gives a row for each version, also of those that were done before a failure.
pub(crate) fn restore(snapshot: &Snapshot, target: Target<'_>, how: How) -> (Vec<Value>, Result<()>) {
    let mut rows = Vec::new();
    let outcome = if how.new_ids {
        anew::anew(snapshot, target, how.dry_run, &mut rows)
    } else {
        with_ids::with_ids(snapshot, target, how.dry_run, &mut rows)
    };
    let rows = rows.into_iter().map(|row| planned(row, how.dry_run)).collect();
    (rows, outcome)
}

/// Registries may print a schema in their own way.
pub(crate) fn same(a: &str, b: &str) -> bool {
    let parse = |text| serde_json::from_str::<Value>(text).ok();
    a == b || parse(a).is_some_and(|a| Some(a) == parse(b))
}

fn has_live(registry: &Registry, Entry { subject, version, .. }: &Entry) -> Result<bool> {
    Ok(registry.live_versions(subject)?.contains(version))
}

fn is_live(registry: &Registry, subject: &str) -> Result<bool> {
    Ok(!registry.live_versions(subject)?.is_empty())
}
