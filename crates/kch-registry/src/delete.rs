//! Deleting, from any state: what is there, softly deleted, or both in part. Nearly every client gets the two steps wrong,
//! in one direction or the other.

use std::collections::BTreeSet;

use crate::{Error, Registry, SubjectVersion, Version};

/// What a deletion did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// The versions that it deleted.
    pub versions: Vec<u32>,
    /// Whether nothing was left to do: all of it was softly deleted already.
    pub already: bool,
}

impl Registry {
    /// Deletes a subject: softly, so that its schemas can still be read by id, or for good.
    ///
    /// # Errors
    /// [`Error::SubjectNotFound`] when no version is there in any state, [`Error::Referenced`], [`Error::ReadOnly`].
    pub fn delete_subject(&self, subject: &str, permanent: bool) -> Result<Deletion, Error> {
        let path = ["subjects", subject];
        let soft = self.delete(&path, false, subject)?;
        if !permanent {
            return self.deletion(soft, subject);
        }
        // Versions that were softly deleted before go with the permanent step too.
        match self.delete(&path, true, subject)? {
            Step::Done(versions) => Ok(Deletion { versions, already: false }),
            _ => Err(self.subject_not_found(subject)),
        }
    }

    /// Deletes one version of a subject, softly or for good.
    ///
    /// # Errors
    /// [`Error::SubjectNotFound`], [`Error::VersionNotFound`], [`Error::Referenced`], [`Error::ReadOnly`].
    pub fn delete_version(
        &self,
        subject: &str,
        version: Version,
        permanent: bool,
    ) -> Result<Deletion, Error> {
        // `latest` would be another version after the first step.
        let number = match version {
            Version::Number(number) => number,
            Version::Latest => self.latest(subject)?.version,
        };
        let number_text = number.to_string();
        let path = ["subjects", subject, "versions", &number_text];
        let soft = self.delete(&path, false, subject)?;
        let last = if permanent { self.delete(&path, true, subject)? } else { soft };
        match last {
            Step::Missing => {
                let known = self.versions(subject)?;
                Err(Error::VersionNotFound { subject: subject.to_owned(), version, known })
            }
            other => self.deletion(other, subject),
        }
    }

    fn deletion(&self, step: Step, subject: &str) -> Result<Deletion, Error> {
        match step {
            Step::Done(versions) => Ok(Deletion { versions, already: false }),
            Step::Already => Ok(Deletion { versions: Vec::new(), already: true }),
            Step::Missing => Err(self.subject_not_found(subject)),
        }
    }

    fn delete(&self, path: &[&str], permanent: bool, subject: &str) -> Result<Step, Error> {
        let request = self.service.delete(path);
        let request = if permanent { request.query("permanent", "true") } else { request };
        let reply = request.send()?;
        match (reply.status, reply.error_code()) {
            // 40404: the subject is softly deleted; 40406: the version is. Neither has a fixed HTTP status.
            (_, Some(40404 | 40406)) => Ok(Step::Already),
            // Our first try did it, and its answer was lost.
            (404, _) if reply.retried => Ok(Step::Done(Vec::new())),
            (404, Some(40401 | 40402)) => Ok(Step::Missing),
            (_, Some(42206)) => Err(self.referenced(path, subject)),
            _ => {
                let reply = self.accept(reply).map_err(|error| self.because_of_mode(error, subject))?;
                let body: serde_json::Value = reply.json()?;
                let numbers = match &body {
                    serde_json::Value::Array(all) => all.iter().collect(),
                    one => vec![one],
                };
                let versions = numbers.into_iter().filter_map(|n| u32::try_from(n.as_u64()?).ok()).collect();
                Ok(Step::Done(versions))
            }
        }
    }

    /// For an error's text: whatever cannot be found out is left out.
    fn referenced(&self, path: &[&str], subject: &str) -> Error {
        let (what, versions) = match path {
            [_, _, _, version] => {
                (format!("{subject} version {version}"), version.parse().into_iter().collect())
            }
            _ => (format!("subject {subject}"), self.versions(subject).unwrap_or_default()),
        };
        let by = versions.iter().filter_map(|&version| self.referring(subject, version).ok()).flatten();
        let by: BTreeSet<SubjectVersion> = by.map(|(user, _)| user).collect();
        Error::Referenced { what, by: by.into_iter().collect() }
    }
}

enum Step {
    Done(Vec<u32>),
    Already,
    Missing,
}
