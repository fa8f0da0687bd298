//! Names that a running service has, kept for a few seconds, so that one can type through.

use std::ffi::OsStr;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};

use super::{Request, Typed};
use crate::Result;

/// How long a service may take; behind that there are no candidates.
const PATIENCE: Duration = Duration::from_millis(1500);
/// How long an answer is good. Also of a service that did not answer: the next key is not to wait for it again.
const FRESH: Duration = Duration::from_secs(8);

/// Where names come from.
pub struct LiveNames {
    /// The service and who asks: names of one are not another's.
    pub from: String,
    /// Asks the service.
    pub fetch: Box<dyn FnOnce() -> Result<Vec<String>> + Send>,
}

impl std::fmt::Debug for LiveNames {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LiveNames").field("from", &self.from).finish_non_exhaustive()
    }
}

impl LiveNames {
    /// Names that `fetch` gets of the service `from`.
    pub fn new(from: String, fetch: impl FnOnce() -> Result<Vec<String>> + Send + 'static) -> LiveNames {
        LiveNames { from, fetch: Box::new(fetch) }
    }
}

/// A completer of names that a service has. `kind` is what they are, as
/// `topics`; `source` finds the service for the line that is being typed.
pub fn live_names(
    kind: &'static str,
    source: impl Fn(&Typed) -> Result<LiveNames> + Send + Sync + 'static,
) -> ArgValueCompleter {
    ArgValueCompleter::new(move |current: &OsStr| {
        let current = current.to_string_lossy();
        let request = Request::from_args(std::env::args_os());
        let names = request.map(|request| Typed::new(request.line)).and_then(|typed| source(&typed).ok());
        let names = names.map(|names| cached(cache_directory().as_deref(), kind, names)).unwrap_or_default();
        let fitting = names.into_iter().filter(|name| name.starts_with(&*current));
        fitting.map(CompletionCandidate::new).collect()
    })
}

fn cache_directory() -> Option<PathBuf> {
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))?;
    Some(cache.join("kafka-clickhouse/completions"))
}

fn cached(directory: Option<&Path>, kind: &str, names: LiveNames) -> Vec<String> {
    let mut hasher = DefaultHasher::new();
    names.from.hash(&mut hasher);
    let path = directory.map(|directory| directory.join(format!("{kind}-{:016x}", hasher.finish())));
    if let Some(names) = path.as_deref().and_then(read_fresh) {
        return names;
    }
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send((names.fetch)()));
    let mut names = receiver.recv_timeout(PATIENCE).ok().and_then(Result::ok).unwrap_or_default();
    names.sort();
    if let Some(path) = path {
        // Without a cache it is slower, and no worse.
        let _ = write(&path, &names);
    }
    names
}

fn read_fresh(path: &Path) -> Option<Vec<String>> {
    let age = path.metadata().ok()?.modified().ok()?.elapsed().ok()?;
    let text = if age < FRESH { std::fs::read_to_string(path).ok()? } else { return None };
    Some(text.lines().map(str::to_owned).collect())
}

/// Writes as a whole: another shell may read at the same time.
fn write(path: &Path, names: &[String]) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let unfinished = path.with_extension(std::process::id().to_string());
    let mut file = std::fs::File::create(&unfinished)?;
    names.iter().try_for_each(|name| writeln!(file, "{name}"))?;
    std::fs::rename(&unfinished, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Failure;

    fn names(from: &str, fetch: fn() -> Result<Vec<String>>) -> LiveNames {
        LiveNames::new(from.to_owned(), fetch)
    }

    #[test]
    fn an_answer_is_kept_for_a_moment_and_for_its_service_alone() {
        let dir = tempfile::tempdir().unwrap();
        let ask = |names| cached(Some(dir.path()), "topics", names);
        assert_eq!(ask(names("one", || Ok(vec!["b".into(), "a".into()]))), ["a", "b"]);
        assert_eq!(ask(names("one", || panic!("asked again"))), ["a", "b"]);
        assert_eq!(ask(names("two", || Ok(vec!["c".into()]))), ["c"]);
    }

    #[test]
    fn a_service_that_fails_is_silence_and_is_not_asked_again_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let ask = |names| cached(Some(dir.path()), "topics", names);
        assert!(ask(names("down", || Err(Failure::unavailable("down")))).is_empty());
        assert!(ask(names("down", || Ok(vec!["late".into()]))).is_empty());
        assert_eq!(cached(None, "topics", names("x", || Ok(vec!["n".into()]))), ["n"]);
    }
}
