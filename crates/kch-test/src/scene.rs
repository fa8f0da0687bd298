//! A fresh working directory and a clean environment for a test's tools.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

use crate::Tool;

/// A temporary directory, removed with the last tool that runs in it, and the environment of the tools that run in it: `PATH` and `HOME` only,
/// and no `.env` file, until a test says otherwise.
#[derive(Debug)]
pub struct Scene {
    dir: Arc<TempDir>,
    env: BTreeMap<OsString, OsString>,
}

impl Default for Scene {
    fn default() -> Self {
        Scene::new()
    }
}

impl Scene {
    /// An empty directory and a clean environment.
    ///
    /// # Panics
    /// When no temporary directory can be made.
    #[must_use]
    pub fn new() -> Scene {
        let dir = tempfile::Builder::new().prefix("kch-test-").tempdir().expect("a temporary directory");
        let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into());
        let env = [("PATH".into(), path), ("HOME".into(), dir.path().into())].into();
        Scene { dir: Arc::new(dir), env }
    }

    /// Sets an environment variable of every tool that is made afterwards.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Scene {
        self.env.insert(name.as_ref().into(), value.as_ref().into());
        self
    }

    /// The working directory of the tools.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file into the directory, with the folders it needs.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn file(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.dir().join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).expect("a folder in the scene");
        }
        std::fs::write(&path, content).expect("a file in the scene");
        path
    }

    /// What a file of the directory holds.
    ///
    /// # Panics
    /// When it is missing or not UTF-8.
    #[must_use]
    pub fn read(&self, name: impl AsRef<Path>) -> String {
        let path = self.dir().join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// One of our binaries, found beside the test's own.
    ///
    /// # Panics
    /// When it has not been built.
    #[must_use]
    pub fn tool(&self, name: &str) -> Tool {
        self.program(built(name))
    }

    /// Any program, by path or by name on `PATH`, such as `sh` for a pipeline of several tools.
    #[must_use]
    pub fn program(&self, program: impl AsRef<OsStr>) -> Tool {
        Tool::new(program.as_ref(), Arc::clone(&self.dir), &self.env)
    }

    /// `sh -c line`, with our binaries first on `PATH`: for the pipelines that the documentation shows.
    ///
    /// # Panics
    /// When the test's own binary cannot be found.
    #[must_use]
    pub fn shell(&self, line: &str) -> Tool {
        let mut path = binaries().into_os_string();
        if let Some(rest) = self.env.get(OsStr::new("PATH")) {
            path.push(":");
            path.push(rest);
        }
        self.program("sh").args(["-c", line]).env("PATH", path)
    }
}

/// `target/<profile>`: the test's binary lies in `target/<profile>/deps`.
fn binaries() -> PathBuf {
    let test = std::env::current_exe().expect("the path of the test's binary");
    let dir = test.parent().filter(|dir| dir.ends_with("deps")).and_then(Path::parent).or(test.parent());
    dir.expect("the folder of the test's binary").to_path_buf()
}

fn built(name: &str) -> PathBuf {
    let path = binaries().join(name);
    assert!(path.is_file(), "{} is not there: run `cargo build -p {name}` first", path.display());
    path
}
