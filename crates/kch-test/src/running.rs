//! A child that runs: its output is collected as it comes, its stdin is fed, and it never outlives its handle.

use std::fs::File;
use std::io::{self, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::Outcome;
use crate::tool::{Prepared, Tool};

/// A signal for a running tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT, what Ctrl-C sends.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// SIGKILL.
    Kill,
    /// SIGSTOP.
    Stop,
    /// SIGCONT.
    Continue,
}

/// A tool that was started. Killed when dropped.
#[derive(Debug)]
pub struct Running {
    name: String,
    child: Child,
    reader: Option<Child>,
    stdin: Option<ChildStdin>,
    stdout: Collector,
    stderr: Collector,
    started: Instant,
    timeout: Duration,
    terminal: Option<File>,
    peak_memory: u64,
    /// Keeps the working directory.
    _dir: Arc<TempDir>,
}

impl Running {
    pub(crate) fn start(tool: Tool) -> Running {
        let Prepared { name, mut command, feed, terminal, pipe_to, dir, timeout } = tool.prepare();
        let pipes = pipe_to.is_some();
        let keyboard = terminal.as_ref().map(|terminal| terminal.try_clone().expect("a keyboard"));
        let started = Instant::now();
        let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot run {name}: {error}"));
        // The command holds the child's end of a terminal; the end is seen only when no one has it.
        drop(command);
        let mut stdin = child.stdin.take();
        if let Some(feed) = feed
            && let Some(mut stdin) = stdin.take()
        {
            // A child that ends early closes its stdin: the test sees that in what it asks for, not here.
            thread::spawn(move || feed(&mut stdin).and_then(|()| stdin.flush()));
        }
        let mut reader =
            pipe_to.zip(child.stdout.take_if(|_| pipes)).map(|(to, stdout)| start_reader(&to, stdout));
        let stdout = match (terminal, &mut reader) {
            (Some(terminal), _) => Collector::start(Some(File::from(terminal))),
            (None, Some(reader)) => Collector::start(reader.stdout.take()),
            (None, None) => Collector::start(child.stdout.take()),
        };
        let stderr = Collector::start(child.stderr.take());
        Running {
            name,
            child,
            reader,
            stdin,
            stdout,
            stderr,
            started,
            timeout,
            terminal: keyboard.map(File::from),
            peak_memory: 0,
            _dir: dir,
        }
    }

    /// The process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Writes to a stdin that was left open.
    ///
    /// # Panics
    /// When stdin is closed.
    pub fn write(&mut self, bytes: impl AsRef<[u8]>) -> &mut Running {
        let stdin = self.stdin.as_mut().expect("stdin_open() was not asked for, or stdin is closed");
        stdin.write_all(bytes.as_ref()).and_then(|()| stdin.flush()).expect("the tool reads its stdin");
        self
    }

    /// Waits until the tool has read all that was written to a stdin that was left open.
    ///
    /// # Panics
    /// When it does not before the timeout, or stdin is closed.
    pub fn until_stdin_is_read(&mut self) -> &mut Running {
        let deadline = self.deadline();
        let unread = |running: &Running| {
            let stdin = running.stdin.as_ref().expect("stdin_open() was not asked for, or stdin is closed");
            rustix::io::ioctl_fionread(stdin).expect("how much a pipe holds")
        };
        while unread(self) > 0 {
            assert!(Instant::now() < deadline, "{} does not read its stdin:\n{}", self.name, self.said());
            thread::sleep(Duration::from_millis(5));
        }
        self
    }

    /// Types on the terminal that stdin is.
    ///
    /// # Panics
    /// When it is on none.
    pub fn type_in(&mut self, keys: &str) -> &mut Running {
        let terminal = self.terminal.as_mut().expect("at_terminal() was asked for");
        terminal.write_all(keys.as_bytes()).expect("the terminal takes keys");
        self
    }

    /// Ends a stdin that was left open.
    pub fn close_stdin(&mut self) -> &mut Running {
        self.stdin = None;
        self
    }

    /// Sends a signal; one that the tool is to handle, once it handles signals, however long it takes to start.
    ///
    /// # Panics
    /// When the process has ended, or never handles them.
    pub fn signal(&mut self, signal: Signal) -> &mut Running {
        use rustix::process::{Pid, Signal as Sig, kill_process};
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw).expect("a process id");
        let sig = match signal {
            Signal::Interrupt => Sig::INT,
            Signal::Terminate => Sig::TERM,
            Signal::Kill => Sig::KILL,
            Signal::Stop => Sig::STOP,
            Signal::Continue => Sig::CONT,
        };
        if matches!(signal, Signal::Interrupt | Signal::Terminate) {
            self.until_it_handles(sig.as_raw());
        }
        let ended = self.child.try_wait().expect("the state of the child");
        assert!(ended.is_none(), "{} has ended before the signal:\n{}", self.name, self.said());
        kill_process(pid, sig).expect("the signal is sent");
        self
    }

    fn until_it_handles(&mut self, signal: i32) {
        let deadline = self.deadline();
        while self.is_running() && !handles(self.pid(), signal) {
            assert!(Instant::now() < deadline, "{} handles no signal {signal}:\n{}", self.name, self.said());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until stdout holds `text`.
    ///
    /// # Panics
    /// When it does not come before the timeout or the end of the output.
    pub fn until_stdout(&mut self, text: &str) -> &mut Running {
        let found = self.stdout.wait_for(text, self.deadline());
        assert!(found, "{}: \"{text}\" never came on stdout:\n{}", self.name, self.said());
        self
    }

    /// Waits until stderr holds `text`.
    ///
    /// # Panics
    /// When it does not come before the timeout or the end of the output.
    pub fn until_stderr(&mut self, text: &str) -> &mut Running {
        let found = self.stderr.wait_for(text, self.deadline());
        assert!(found, "{}: \"{text}\" never came on stderr:\n{}", self.name, self.said());
        self
    }

    /// What stdout holds so far.
    #[must_use]
    pub fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.stdout.lock().bytes).into_owned()
    }

    /// Whether it still runs.
    ///
    /// # Panics
    /// When the system cannot tell.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("the state of the child").is_none()
    }

    /// Waits for the end with stdin left open, as [`Running::wait`] does without.
    ///
    /// # Panics
    /// At the timeout.
    #[must_use]
    pub fn wait_with_open_stdin(mut self) -> Outcome {
        let stdin = self.stdin.take();
        let outcome = self.wait();
        drop(stdin);
        outcome
    }

    /// Closes stdin and waits for the end; past the timeout it is killed and the test fails.
    ///
    /// # Panics
    /// At the timeout.
    #[must_use]
    pub fn wait(mut self) -> Outcome {
        self.stdin = None;
        let status = self.wait_status();
        self.wait_for_reader();
        let elapsed = self.started.elapsed();
        // A grandchild that keeps the pipe open must not hang the test either.
        let deadline = self.deadline() + Duration::from_secs(2);
        let (mut stdout, stderr) = (self.stdout.finish(deadline), self.stderr.finish(deadline));
        if self.terminal.is_some() {
            stdout = String::from_utf8_lossy(&stdout).replace("\r\n", "\n").into_bytes();
        }
        Outcome::new(self.name.clone(), status, stdout, stderr, elapsed, self.peak_memory)
    }

    fn wait_status(&mut self) -> ExitStatus {
        let mut pause = Duration::from_millis(1);
        loop {
            self.peak_memory = peak_memory(self.pid()).unwrap_or(self.peak_memory);
            if let Some(status) = self.child.try_wait().expect("the state of the child") {
                return status;
            }
            if Instant::now() > self.deadline() {
                let _ = self.child.kill();
                let _ = self.child.wait();
                panic!("{} did not end in {:?} and was killed:\n{}", self.name, self.timeout, self.said());
            }
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(10));
        }
    }

    fn wait_for_reader(&mut self) {
        let deadline = self.deadline();
        while let Some(reader) = &mut self.reader
            && reader.try_wait().expect("the state of the reader").is_none()
        {
            assert!(Instant::now() < deadline, "{}: the reader did not end:\n{}", self.name, self.said());
            thread::sleep(Duration::from_millis(2));
        }
    }

    fn deadline(&self) -> Instant {
        self.started + self.timeout
    }

    fn said(&self) -> String {
        let text = |collector: &Collector| String::from_utf8_lossy(&collector.lock().bytes).into_owned();
        format!("--- stdout\n{}\n--- stderr\n{}", text(&self.stdout), text(&self.stderr))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        for child in std::iter::once(&mut self.child).chain(&mut self.reader) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The program behind the tool's stdout.
fn start_reader(program_and_args: &[String], stdout: ChildStdout) -> Child {
    let (program, args) = program_and_args.split_first().expect("a program to pipe to");
    let mut command = Command::new(program);
    command.args(args).stdin(stdout).stdout(Stdio::piped());
    command.spawn().unwrap_or_else(|error| panic!("cannot run {program}: {error}"))
}

/// Whether the process has a handler for the signal.
fn handles(pid: u32, signal: i32) -> bool {
    let mask = status_of(pid, "SigCgt:").and_then(|mask| u64::from_str_radix(&mask, 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

/// The most memory that the process has had resident, in bytes.
fn peak_memory(pid: u32) -> Option<u64> {
    status_of(pid, "VmHWM:")?.parse::<u64>().ok().map(|kib| kib << 10)
}

/// The first word behind this name in what the system tells of a process.
fn status_of(pid: u32, name: &str) -> Option<String> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1).map(str::to_owned)
}

#[derive(Debug, Default)]
struct Collected {
    bytes: Vec<u8>,
    ended: bool,
}

/// Reads one output of a child in a thread of its own.
#[derive(Debug)]
pub(crate) struct Collector {
    shared: Arc<(Mutex<Collected>, Condvar)>,
    _thread: JoinHandle<()>,
}

impl Collector {
    pub(crate) fn start(source: Option<impl Read + Send + 'static>) -> Collector {
        let shared: Arc<(Mutex<Collected>, Condvar)> = Arc::default();
        let theirs = Arc::clone(&shared);
        let thread = thread::spawn(move || {
            let mut chunk = vec![0; 64 << 10];
            let mut source = source;
            while let Some(count) = source.as_mut().and_then(|source| read_some(source, &mut chunk)) {
                lock(&theirs.0).bytes.extend_from_slice(&chunk[..count]);
                theirs.1.notify_all();
            }
            lock(&theirs.0).ended = true;
            theirs.1.notify_all();
        });
        Collector { shared, _thread: thread }
    }

    fn lock(&self) -> MutexGuard<'_, Collected> {
        lock(&self.shared.0)
    }

    fn wait_until(&self, deadline: Instant, done: impl Fn(&Collected) -> bool) -> MutexGuard<'_, Collected> {
        let mut collected = self.lock();
        while !done(&collected) && !collected.ended {
            let Some(left) = deadline.checked_duration_since(Instant::now()) else { break };
            collected = self
                .shared
                .1
                .wait_timeout(collected, left)
                .map_or_else(|poisoned| poisoned.into_inner().0, |(guard, _)| guard);
        }
        collected
    }

    fn wait_for(&self, text: &str, deadline: Instant) -> bool {
        let has = |collected: &Collected| {
            collected.bytes.windows(text.len().max(1)).any(|window| window == text.as_bytes())
        };
        has(&self.wait_until(deadline, has))
    }

    /// All of it, once the output has ended.
    pub(crate) fn finish(&self, deadline: Instant) -> Vec<u8> {
        std::mem::take(&mut self.wait_until(deadline, |_| false).bytes)
    }
}

fn lock(mutex: &Mutex<Collected>) -> MutexGuard<'_, Collected> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The next bytes; `None` at the end. A terminal whose other end is closed says so with an error.
fn read_some(source: &mut impl Read, chunk: &mut [u8]) -> Option<usize> {
    loop {
        match source.read(chunk) {
            Ok(0) => return None,
            Ok(count) => return Some(count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
}
