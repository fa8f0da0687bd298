//! From a signal to the end of the engine's main query, without a poll.
//!
//! The main query reads a pipe that nobody writes to. Its writing end is dropped on SIGTERM or SIGINT: the
//! query then sees the end of its file, and the engine goes down in its own order, closing tables and logs.

use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::failure::Failure;

/// How long the engine may take to close its tables; seen: 10 ms. After that the process leaves all the same,
/// which is safe: a part of a table is complete on disk before an INSERT is answered.
const PATIENCE: Duration = Duration::from_secs(10);

/// The pipe's reading end, and whether a signal has come.
#[derive(Debug)]
pub(crate) struct Stop {
    reader: PipeReader,
    requested: Arc<AtomicBool>,
}

impl Stop {
    /// Waits for the signals on a thread of its own.
    pub(crate) fn on_signals() -> Result<Self, Failure> {
        let begin = || -> io::Result<Self> {
            let (reader, writer) = io::pipe()?;
            let signals = Signals::new([SIGTERM, SIGINT])?;
            let requested = Arc::new(AtomicBool::new(false));
            let seen = Arc::clone(&requested);
            thread::Builder::new().name("signals".to_owned()).spawn(move || wait(signals, writer, &seen))?;
            Ok(Self { reader, requested })
        };
        begin().map_err(|e| Failure::refused(format!("cannot wait for signals: {e}")))
    }

    /// The pipe as a file name: it ends when the process is asked to stop.
    pub(crate) fn file(&self) -> String {
        format!("/dev/fd/{}", self.reader.as_raw_fd())
    }

    pub(crate) fn was_requested(&self) -> bool {
        self.requested.load(Ordering::SeqCst)
    }
}

fn wait(mut signals: Signals, writer: PipeWriter, requested: &AtomicBool) {
    let mut writer = Some(writer);
    for signal in signals.forever() {
        requested.store(true, Ordering::SeqCst);
        if writer.take().is_none() {
            leave("stopped by a second signal", 128 + signal);
        }
        thread::spawn(|| {
            thread::sleep(PATIENCE);
            leave("the engine did not close in time, leaving", 1);
        });
    }
}

fn leave(message: &str, code: i32) -> ! {
    eprintln!("chdb-server: {message}");
    // No destructors and no atexit handlers: those of the engine may wait for what just did not come.
    signal_hook::low_level::exit(code)
}
