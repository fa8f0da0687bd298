//! Whether a registry takes a schema: one is registered under a name of its own, read back, and deleted for good.

use std::time::{SystemTime, UNIX_EPOCH};

use kch_cli::{Exit, Explain as _, Failure, Result};
use kch_registry::{Error, NewSchema, Registered, Registry, Version};

use crate::health::{Finding, Grade};

/// Whether a schema can be registered, read by its id, and deleted. What it cannot delete is named, with the call that does.
/// `calm` is not kept from deleting by a signal.
pub(crate) fn write(registry: &Registry, calm: &Registry) -> Finding {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let subject = format!("sr-doctor-{:x}-{now:x}", std::process::id());
    // A type of its own, so that no id of another subject is taken for it.
    let text = format!(r#"{{"type":"fixed","name":"{}","size":1}}"#, subject.replace('-', "_"));
    let made = registry.register(&subject, &NewSchema::avro(&text));
    let may_be_there = may_be_there(&made);
    let trip = made.map_err(step("register")).and_then(|made| read_back(registry, &subject, &made));
    let gone =
        clear_away(calm, &subject, may_be_there).map_err(|why| format!("{subject} was left behind: {why}"));
    let finding = match (trip, gone) {
        (Ok(()), Ok(())) => {
            Finding::new("write", Grade::Ok, "a schema was registered, read back and deleted")
        }
        (Err(failure), Ok(())) => Finding::failure("write", &failure),
        (trip, Err(left)) => {
            let delete = format!("sr delete {subject} --permanent");
            let (detail, cure) = match trip {
                Ok(()) => (left, delete),
                Err(failure) => (
                    format!("{}; {left}", failure.text()),
                    failure.hint_text().map_or(delete.clone(), |hint| format!("{hint}; {delete}")),
                ),
            };
            Finding::new("write", Grade::Failed, detail).cure(cure)
        }
    };
    finding.of(&subject)
}

fn step(what: &'static str) -> impl FnOnce(Error) -> Failure {
    move |error| Failure::from(error).context(what)
}

/// Whether the registry may have the schema: it was registered, or no answer says that it was not.
fn may_be_there(made: &std::result::Result<Registered, Error>) -> bool {
    made.as_ref().map_or_else(|error| !matches!(error.exit(), Exit::Refused | Exit::Usage), |_| true)
}

fn read_back(registry: &Registry, subject: &str, made: &Registered) -> Result<()> {
    let id = made.schema.id;
    let read = registry.subject_version(subject, Version::Number(made.version)).map_err(step("read back"))?;
    registry.schema_by_id_of(id, subject).map_err(step("read by id"))?;
    if read.schema.id != id {
        return Err(Failure::refused(format!(
            "registered as id {id}, and read back as id {}",
            read.schema.id
        ))
        .hint("its nodes do not agree: is more than one of them the leader?"));
    }
    Ok(())
}

/// Deletes the subject, or says why it may still be there. A node that has not heard yet of what may be there is asked again.
fn clear_away(calm: &Registry, subject: &str, may_be_there: bool) -> std::result::Result<(), String> {
    let deleted = calm.until_shown(|| match calm.delete_subject(subject, true) {
        Err(Error::SubjectNotFound { .. }) => Ok(!may_be_there),
        outcome => outcome.map(|_| true),
    });
    match deleted {
        Ok(true) => Ok(()),
        Ok(false) => Err(format!("{} does not show it, and may do so later", calm.url())),
        Err(error) if may_be_there => Err(error.to_string()),
        // What keeps from registering keeps from deleting too.
        Err(error) => match calm.versions_with_deleted(subject) {
            Err(Error::SubjectNotFound { .. }) => Ok(()),
            _ => Err(error.to_string()),
        },
    }
}
