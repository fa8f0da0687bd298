//! A snapshot whose subjects go into another context than they come from.

use std::collections::BTreeMap;

use kch_cli::{Failure, Messages, Result};
use kch_registry::{context_name, in_context, is_context, split_context};

use crate::restore::same;
use crate::snapshot::{Entry, Snapshot};

/// Into which context.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ToContext {
    /// Put all subjects into this context, whichever they come from; . is the default one
    #[arg(long, value_name = "NAME", value_parser = context_name)]
    pub to_context: Option<String>,
}

impl ToContext {
    /// The snapshot as it is to be there. What it refers to moves too, so references are within the context.
    ///
    /// # Errors
    /// When two subjects would have one name, or, unless there are to be `new_ids`, two schemas one id.
    pub(crate) fn applied_to(
        &self,
        mut snapshot: Snapshot,
        new_ids: bool,
        messages: &mut Messages,
    ) -> Result<Snapshot> {
        let Some(context) = &self.to_context else { return Ok(snapshot) };
        let renamed = |subject: &str| in_context(context, split_context(subject).1);
        let mut subjects = BTreeMap::new();
        let mut was: BTreeMap<String, String> = BTreeMap::new();
        for (subject, rules) in std::mem::take(&mut snapshot.subjects) {
            if is_context(&subject) {
                let from = subject.trim_matches(':');
                messages.say(&format!(
                    "left out: the level and mode of {from} itself, since {context} has its own"
                ));
                continue;
            }
            let name = renamed(&subject);
            if let Some(other) = was.get(&name) {
                return Err(Failure::refused(format!("{other} and {subject} would both be {name}"))
                    .hint("--prefix takes the subjects of one context"));
            }
            was.insert(name.clone(), subject);
            subjects.insert(name, rules);
        }
        snapshot.subjects = subjects;
        for entry in &mut snapshot.entries {
            entry.subject = renamed(&entry.subject);
            for reference in &mut entry.schema.references {
                reference.subject = split_context(&reference.subject).1.to_owned();
            }
        }
        if !new_ids {
            ensure_ids_differ(&snapshot)?;
        }
        Ok(snapshot)
    }
}

/// Each context counts its ids by itself, so in one of them those of two may be in each other's way.
fn ensure_ids_differ(snapshot: &Snapshot) -> Result<()> {
    let mut by_id: BTreeMap<u32, &Entry> = BTreeMap::new();
    for entry in &snapshot.entries {
        let first = by_id.entry(entry.id).or_insert(entry);
        if !same(&first.schema.text, &entry.schema.text) {
            let titles = [*first, entry].map(|entry| format!("{} version {}", entry.subject, entry.version));
            let text = format!("{} would both have the id {}, and differ", titles.join(" and "), entry.id);
            return Err(Failure::refused(text)
                .hint("--new-ids gives them ids of their own; --prefix takes the subjects of one context"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use kch_registry::{NewSchema, Reference};

    use super::*;
    use crate::snapshot::Rules;

    fn moved(subjects: &[&str], to: &str) -> Result<Vec<String>> {
        let entry = |subject: &str| Entry {
            subject: subject.to_owned(),
            version: 1,
            id: 1,
            schema: NewSchema::avro("").with_references(vec![Reference {
                name: "M".into(),
                subject: ":.eu:m".into(),
                version: 1,
            }]),
            deleted: false,
        };
        let snapshot = Snapshot {
            subjects: subjects.iter().map(|subject| ((*subject).to_owned(), Rules::default())).collect(),
            entries: subjects.iter().map(|subject| entry(subject)).collect(),
            ..Snapshot::default()
        };
        let moved = ToContext { to_context: Some(context_name(to).unwrap()) }.applied_to(
            snapshot,
            false,
            &mut Messages::new("sr", std::io::sink()),
        )?;
        assert!(moved.entries.iter().all(|entry| moved.subjects.contains_key(&entry.subject)));
        assert!(moved.entries.iter().all(|entry| entry.schema.references[0].subject == "m"));
        Ok(moved.entries.into_iter().map(|entry| entry.subject).collect())
    }

    #[test]
    fn subjects_and_what_they_refer_to_move_and_none_takes_anothers_name() {
        assert_eq!(moved(&["a", ":.eu:b"], "us").unwrap(), [":.us:a", ":.us:b"]);
        assert_eq!(moved(&[":.eu:b"], ".").unwrap(), ["b"]);
        let clash = moved(&["a", ":.eu:a"], ":.us:").unwrap_err();
        assert_eq!(clash.text(), ":.eu:a and a would both be :.us:a");
    }
}
