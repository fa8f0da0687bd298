//! `--references auto`: the names that a schema uses are looked for in the schema files beside it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use kch_cli::{Failure, Result};
use kch_registry::{NewSchema, Reference, Registered, Registry, context_of, in_context};
use serde_json::{Value, json};

use crate::file_name;
use crate::names::Names;

/// What becomes of a needed schema that is not registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// It is an error.
    Refuse,
    /// It is registered first.
    Register,
    /// It is said that it would be registered first.
    Plan,
}

struct Sibling {
    path: PathBuf,
    text: String,
    names: Names,
    subject: String,
    version: Option<u32>,
}

/// What was found beside a schema.
pub(crate) struct Found {
    pub(crate) references: Vec<Reference>,
    /// The texts of all that is needed, over all steps, what is needed first.
    pub(crate) texts: Vec<String>,
}

struct Search<'r> {
    registry: &'r Registry,
    siblings: Vec<Sibling>,
    missing: Missing,
    texts: Vec<String>,
    /// The subject and version that hold a sibling, by its place.
    done: BTreeMap<usize, (String, u32)>,
    rows: &'r mut Vec<Value>,
}

/// Finds what the schema in `file` refers to, in the context that its subject is in. `rows` gets one for each schema that was
/// registered, or would be, also before a failure.
pub(crate) fn resolve(
    file: &Path,
    text: &str,
    context: Option<&str>,
    registry: &Registry,
    missing: Missing,
    rows: &mut Vec<Value>,
) -> Result<Found> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let siblings = read_folder(folder, file, context.unwrap_or_default())?;
    let mut search = Search { registry, siblings, missing, texts: Vec::new(), done: BTreeMap::new(), rows };
    let references = search.references(&Names::of(text), folder, &mut Vec::new())?;
    Ok(Found { references, texts: search.texts })
}

/// The schema files in the folder but the one itself, the newest version of each subject first.
fn read_folder(folder: &Path, but: &Path, context: &str) -> Result<Vec<Sibling>> {
    let cannot = |error: std::io::Error| Failure::usage(format!("cannot read {}: {error}", folder.display()));
    let mut siblings = Vec::new();
    for entry in fs::read_dir(folder).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        if path.extension().is_none_or(|extension| extension != "avsc") || path.file_name() == but.file_name()
        {
            continue;
        }
        let (Ok(text), Some((subject, version))) = (fs::read_to_string(&path), file_name::subject(&path))
        else {
            continue;
        };
        let subject = in_context(context, &subject);
        siblings.push(Sibling { names: Names::of(&text), path, text, subject, version });
    }
    siblings.sort_by(|a, b| a.subject.cmp(&b.subject).then(b.version.cmp(&a.version)));
    Ok(siblings)
}

impl Search<'_> {
    fn references(&mut self, names: &Names, folder: &Path, open: &mut Vec<usize>) -> Result<Vec<Reference>> {
        let mut references = Vec::new();
        for name in names.wanted() {
            let defines = |own: bool| {
                self.siblings.iter().position(|sibling| {
                    if own {
                        sibling.names.own.as_ref() == Some(&name)
                    } else {
                        sibling.names.defined.contains(&name)
                    }
                })
            };
            let Some(at) = defines(true).or_else(|| defines(false)) else {
                return Err(Failure::refused(format!(
                    "no schema file in {} defines {name}",
                    folder.display()
                ))
                .hint(format!("say where it is: --reference {name}=SUBJECT:VERSION")));
            };
            if open.contains(&at) {
                let path = self.siblings[at].path.display();
                return Err(Failure::refused(format!(
                    "{path} refers to itself over others, which no registry takes"
                )));
            }
            open.push(at);
            let (subject, version) = self.registered(at, folder, open)?;
            open.pop();
            references.push(Reference { name, subject, version });
        }
        Ok(references)
    }

    /// The subject and version that hold a sibling.
    fn registered(&mut self, at: usize, folder: &Path, open: &mut Vec<usize>) -> Result<(String, u32)> {
        if let Some(done) = self.done.get(&at) {
            return Ok(done.clone());
        }
        let names = self.siblings[at].names.clone();
        let references = self.references(&names, folder, open)?;
        let Sibling { text, subject, path, .. } = &self.siblings[at];
        let schema = NewSchema::avro(text).with_references(references);
        let found = self.find(&schema, subject, names.own.as_deref())?;
        let found = match (found, self.missing) {
            (Some(found), _) => (found.subject, found.version),
            (None, Missing::Refuse) => {
                let what = format!("{} is needed and not registered under {subject}", path.display());
                return Err(Failure::refused(what)
                    .hint(format!("register it first: sr register {subject} {}", path.display())));
            }
            (None, Missing::Register) => {
                let made = self.registry.register(subject, &schema)?;
                self.rows.push(json!({"subject": subject, "version": made.version, "id": made.schema.id,
                    "created": made.created}));
                (subject.clone(), made.version)
            }
            (None, Missing::Plan) => {
                let planned = |row: &Value| row["subject"] == subject.as_str();
                if !self.rows.iter().any(planned) {
                    self.rows.push(json!({"subject": subject, "version": null, "id": null, "created": true}));
                }
                (subject.clone(), 0)
            }
        };
        if !self.texts.contains(text) {
            self.texts.push(text.clone());
        }
        self.done.insert(at, found.clone());
        Ok(found)
    }

    /// Under the file's name, or under the record's as the other strategies have it.
    fn find(&self, schema: &NewSchema, subject: &str, record: Option<&str>) -> Result<Option<Registered>> {
        // A schema that needs one which is only planned cannot be there.
        if schema.references.iter().any(|reference| reference.version == 0) {
            return Ok(None);
        }
        if let Some(found) = self.registry.lookup(subject, schema)? {
            return Ok(Some(found));
        }
        match record {
            Some(record) => {
                let record = in_context(context_of(subject).unwrap_or_default(), record);
                if record == subject { Ok(None) } else { Ok(self.registry.lookup(&record, schema)?) }
            }
            None => Ok(None),
        }
    }
}
