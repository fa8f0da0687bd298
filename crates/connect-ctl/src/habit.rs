//! What users of kcctl and of other clients of Kafka Connect type, and what it is here.

/// What a word that connect-ctl does not know means here; `before` begins with the verb.
#[must_use]
pub fn habit(word: &str, before: &[&str]) -> Option<&'static str> {
    Some(match (word, before) {
        (name, ["get", "offsets" | "offset"]) if !name.starts_with('-') => "connect-ctl offsets get NAME",
        ("list", ["plugins"]) => "connect-ctl plugins lists them",
        ("describe", _) => "connect-ctl get NAME, connect-ctl status NAME, connect-ctl plugin CLASS",
        ("create" | "put" | "update" | "add", _) => "connect-ctl apply FILE, for new ones and for changes",
        ("scale", _) => "connect-ctl patch NAME -s tasks.max=N",
        ("edit", _) => "connect-ctl patch NAME -s KEY=VALUE",
        ("remove" | "rm", _) => "connect-ctl delete NAME",
        ("ls" | "connector" | "connectors", _) => {
            "the verbs stand alone: connect-ctl list, connect-ctl status NAME"
        }
        ("cluster" | "version", _) => "connect-ctl info",
        ("config", []) => {
            "which worker: CONNECT_URL, or --connect URL; a connector's settings: connect-ctl get NAME"
        }
        ("-u" | "--cluster" | "--url" | "--connect-url" | "--host", _) => "--connect URL, or CONNECT_URL",
        _ => return None,
    })
}

/// What a name that no connector has means, where kcctl has the kind of a thing in that place.
pub(crate) fn noun(name: &str) -> Option<&'static str> {
    const NOUNS: [&str; 8] =
        ["connectors", "connector", "plugins", "plugin", "tasks", "task", "loggers", "offsets"];
    NOUNS.contains(&name).then_some(
        "names stand alone, without kcctl's nouns: connect-ctl list, connect-ctl plugins, connect-ctl tasks NAME, \
         connect-ctl loggers get, connect-ctl offsets get NAME",
    )
}
