//! `sr copy`.

use kch_cli::{Exit, Result, vars};
use kch_http::OTHER_REGISTRY;
use kch_registry::Registry;

use crate::Desk;
use crate::moved::ToContext;
use crate::restore::{How, Target, restore};
use crate::snapshot::{Selection, Snapshot};

const EXAMPLES: &str = "\
As `sr export` and `sr import` in one: ids and versions stay. --registry (or SCHEMA_REGISTRY_URL) is the one side, --to or \
--from the other, which has credentials of its own: OTHER_REGISTRY_USERNAME and OTHER_REGISTRY_PASSWORD, or \
OTHER_REGISTRY_TOKEN.

Examples:
  sr copy --to http://other:8081
  sr copy orders-value --from http://other:8081 --dry-run
  sr copy --prefix orders- --from http://other:8081 --to-context eu --dry-run
  sr copy --prefix orders- --to http://other:8081 --new-ids";

/// What to copy, from where and where to.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
#[group(id = "side", required = true, multiple = false, args = ["to", "from"])]
pub struct Copy {
    /// Which subjects
    #[command(flatten)]
    pub selection: Selection,
    /// The registry to copy to, base URL
    #[arg(long, value_name = "URL")]
    pub to: Option<String>,
    /// The registry to copy from, base URL
    #[arg(long, value_name = "URL")]
    pub from: Option<String>,
    /// Where in the registry
    #[command(flatten)]
    pub context: ToContext,
    /// How
    #[command(flatten)]
    pub how: How,
}

impl Copy {
    pub(crate) fn run(&self, desk: &mut Desk<'_>) -> Result<Exit> {
        let other = self.to.as_deref().or(self.from.as_deref());
        desk.settings.set_flag(&vars::OTHER_REGISTRY_URL, other);
        let other = || Registry::at(&desk.settings, &OTHER_REGISTRY).map(Registry::without_disk);
        let signals = desk.io.signals.clone();
        let (source, registry, calm) = match self.to {
            Some(_) => (desk.registry()?, other()?.with_signals(signals), other()?),
            None => (other()?.with_signals(signals), desk.registry()?, desk.calm_registry()?),
        };
        let messages = &mut desk.io.messages;
        let snapshot = Snapshot::take(&source, &self.selection, messages)?;
        let snapshot = self.context.applied_to(snapshot, self.how.new_ids, messages)?;
        let (rows, outcome) = restore(&snapshot, Target { registry, calm, messages }, self.how);
        desk.rows_of(&rows, outcome)
    }
}
