//! The flag that every tool with a registry has.

use kch_cli::{Settings, vars};

/// Where the Schema Registry is. Flatten it into a tool's arguments. Credentials have no flags.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Settings")]
pub struct RegistryArgs {
    /// Schema Registry, base URL [env: SCHEMA_REGISTRY_URL]
    ///
    /// Several nodes are separated by commas: the next is asked when one does not answer. Default:
    /// http://localhost:8081. Credentials: SCHEMA_REGISTRY_USERNAME and SCHEMA_REGISTRY_PASSWORD, or
    /// SCHEMA_REGISTRY_TOKEN; TLS: SCHEMA_REGISTRY_CA, SCHEMA_REGISTRY_CERT, SCHEMA_REGISTRY_KEY.
    #[arg(long, value_name = "URL", global = true)]
    pub registry: Option<String>,
}

impl RegistryArgs {
    /// Puts the flag above all other sources.
    pub fn apply(&self, settings: &mut Settings) {
        settings.set_flag(&vars::SCHEMA_REGISTRY_URL, self.registry.as_deref());
    }
}
