//! A command to run: what it is given and where its output goes.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

use crate::{Outcome, Running};

/// Writes a child's stdin, in a thread of its own.
pub(crate) type Feed = Box<dyn FnOnce(&mut dyn Write) -> io::Result<()> + Send>;

/// What a child reads.
pub(crate) enum Stdin {
    Nothing,
    Open,
    Fed(Feed),
    From(File),
}

/// Where a child's stdout goes.
pub(crate) enum Stdout {
    Captured,
    To(PathBuf),
    /// Stdin (unless given) and stdout are a pseudo-terminal.
    Terminal,
}

/// A command in a scene. Reads nothing and is killed after 60 seconds unless told otherwise.
pub struct Tool {
    program: OsString,
    args: Vec<OsString>,
    env: BTreeMap<OsString, OsString>,
    dir: Arc<TempDir>,
    stdin: Stdin,
    stdout: Stdout,
    /// Stderr is the pseudo-terminal too.
    stderr_too: bool,
    pipe_to: Option<Vec<String>>,
    timeout: Duration,
}

impl std::fmt::Debug for Tool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.command_line())
    }
}

impl Tool {
    pub(crate) fn new(program: &OsStr, dir: Arc<TempDir>, env: &BTreeMap<OsString, OsString>) -> Tool {
        Tool {
            program: program.to_owned(),
            args: Vec::new(),
            env: env.clone(),
            dir,
            stdin: Stdin::Nothing,
            stdout: Stdout::Captured,
            stderr_too: false,
            pipe_to: None,
            timeout: Duration::from_secs(60),
        }
    }

    /// Adds one argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Tool {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args(mut self, args: impl IntoIterator<Item: AsRef<OsStr>>) -> Tool {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Tool {
        self.env.insert(name.as_ref().to_owned(), value.as_ref().to_owned());
        self
    }

    /// Removes an environment variable.
    #[must_use]
    pub fn without_env(mut self, name: impl AsRef<OsStr>) -> Tool {
        self.env.remove(name.as_ref());
        self
    }

    /// Gives these bytes on stdin, then the end.
    #[must_use]
    pub fn stdin(self, bytes: impl Into<Vec<u8>>) -> Tool {
        let bytes = bytes.into();
        self.stdin_with(move |stdin| stdin.write_all(&bytes))
    }

    /// Gives on stdin what `feed` writes, then the end: for input too large to hold, or slow.
    #[must_use]
    pub fn stdin_with(
        mut self,
        feed: impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static,
    ) -> Tool {
        self.stdin = Stdin::Fed(Box::new(feed));
        self
    }

    /// Reads stdin from a file, which may be a device.
    ///
    /// # Panics
    /// When the file cannot be opened.
    #[must_use]
    pub fn stdin_file(mut self, path: impl AsRef<Path>) -> Tool {
        let path = self.dir.path().join(path);
        let file = File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        self.stdin = Stdin::From(file);
        self
    }

    /// Keeps stdin open with nothing in it until [`Running::close_stdin`], as an inherited stdin often is.
    #[must_use]
    pub fn stdin_open(mut self) -> Tool {
        self.stdin = Stdin::Open;
        self
    }

    /// Sends stdout to a file or a device, such as `/dev/full`.
    #[must_use]
    pub fn stdout_to(mut self, path: impl AsRef<Path>) -> Tool {
        self.stdout = Stdout::To(self.dir.path().join(path));
        self
    }

    /// Lets a person look: stdout, and stdin unless it was given, are a pseudo-terminal.
    #[must_use]
    pub fn on_terminal(mut self) -> Tool {
        self.stdout = Stdout::Terminal;
        self
    }

    /// Puts a person at it: stdin (unless it was given), stdout and stderr are one pseudo-terminal, and all that is shown
    /// there is the outcome's stdout, what [`Running::type_in`] types included.
    #[must_use]
    pub fn at_terminal(mut self) -> Tool {
        self.stdout = Stdout::Terminal;
        self.stderr_too = true;
        self
    }

    /// Makes it `tool | program args…`. The outcome has the tool's own exit code and stderr, and the stdout of the
    /// program. Both have ended when the outcome is there; one that stays is a failure.
    #[must_use]
    pub fn pipe_to(mut self, program_and_args: &[&str]) -> Tool {
        self.pipe_to = Some(program_and_args.iter().map(|&arg| arg.to_owned()).collect());
        self
    }

    /// Changes the time after which the child is killed and the test fails.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Tool {
        self.timeout = timeout;
        self
    }

    /// Runs to the end.
    #[must_use]
    pub fn run(self) -> Outcome {
        self.spawn().wait()
    }

    /// Starts and leaves it running, to be fed and signalled.
    #[must_use]
    pub fn spawn(self) -> Running {
        Running::start(self)
    }

    /// The command line for messages.
    pub(crate) fn command_line(&self) -> String {
        let program = Path::new(&self.program).file_name().unwrap_or(&self.program).to_string_lossy();
        let args = self.args.iter().map(|arg| {
            let arg = arg.to_string_lossy();
            let plain =
                !arg.is_empty() && arg.chars().all(|c| c.is_ascii_alphanumeric() || "-_=./:,".contains(c));
            if plain { arg.into_owned() } else { format!("'{}'", arg.replace('\'', r"'\''")) }
        });
        std::iter::once(program.into_owned()).chain(args).collect::<Vec<_>>().join(" ")
    }

    /// The command with stdin and stdout set, what feeds its stdin, the terminal to read its stdout from, its timeout.
    pub(crate) fn prepare(self) -> Prepared {
        let name = self.command_line();
        let mut command = Command::new(&self.program);
        command.args(&self.args).env_clear().envs(&self.env).current_dir(self.dir.path());
        let terminal =
            matches!(self.stdout, Stdout::Terminal).then(|| Terminal::open().expect("a pseudo-terminal"));
        command.stderr(match &terminal {
            Some(terminal) if self.stderr_too => terminal.child_end(),
            _ => Stdio::piped(),
        });
        let (stdin, feed) = match self.stdin {
            Stdin::Nothing => match &terminal {
                Some(terminal) => (terminal.child_end(), None),
                None => (Stdio::null(), None),
            },
            Stdin::Open => (Stdio::piped(), None),
            Stdin::Fed(feed) => (Stdio::piped(), Some(feed)),
            Stdin::From(file) => (file.into(), None),
        };
        command.stdin(stdin);
        match self.stdout {
            Stdout::Captured => command.stdout(Stdio::piped()),
            Stdout::To(path) => {
                let file = File::options().write(true).create(true).truncate(true).open(&path);
                command.stdout(file.unwrap_or_else(|error| panic!("{}: {error}", path.display())))
            }
            Stdout::Terminal => {
                command.stdout(terminal.as_ref().map_or_else(Stdio::null, Terminal::child_end))
            }
        };
        let name = match &self.pipe_to {
            Some(pipe_to) => format!("{name} | {}", pipe_to.join(" ")),
            None => name,
        };
        let terminal = terminal.map(|terminal| terminal.ours);
        Prepared {
            name,
            command,
            feed,
            terminal,
            pipe_to: self.pipe_to,
            dir: self.dir,
            timeout: self.timeout,
        }
    }
}

/// A command ready to be spawned.
pub(crate) struct Prepared {
    pub(crate) name: String,
    pub(crate) command: Command,
    pub(crate) feed: Option<Feed>,
    pub(crate) terminal: Option<OwnedFd>,
    pub(crate) pipe_to: Option<Vec<String>>,
    pub(crate) dir: Arc<TempDir>,
    pub(crate) timeout: Duration,
}

/// Both ends of a pseudo-terminal.
struct Terminal {
    ours: OwnedFd,
    theirs: File,
}

impl Terminal {
    fn open() -> io::Result<Terminal> {
        use rustix::pty;
        let ours = pty::openpt(pty::OpenptFlags::RDWR | pty::OpenptFlags::NOCTTY)?;
        pty::grantpt(&ours)?;
        pty::unlockpt(&ours)?;
        let path = pty::ptsname(&ours, Vec::new())?.into_string().map_err(io::Error::other)?;
        // Opening a terminal can make it the controlling one only for a session leader, which a test is not.
        let theirs = File::options().read(true).write(true).open(path)?;
        Ok(Terminal { ours, theirs })
    }

    fn child_end(&self) -> Stdio {
        self.theirs.try_clone().map_or_else(|_| Stdio::null(), Stdio::from)
    }
}
