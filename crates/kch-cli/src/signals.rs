//! SIGINT and SIGTERM: the first asks for a drain, the second quits at once.
//!
//! The handler sets a flag and writes a byte into a pipe, so that a read of stdin that would wait for ever wakes up.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::Exit;

/// Signals this close together are one.
const SAME_SIGNAL: Duration = Duration::from_millis(300);

/// Whether a signal has asked for the end. Cheap to clone and to ask.
#[derive(Clone, Debug)]
pub struct Signals {
    received: Arc<AtomicUsize>,
    wake: Option<Arc<OwnedFd>>,
}

impl Signals {
    /// Installs the handlers. Called once, by [`crate::run`].
    ///
    /// # Errors
    /// When the system refuses a handler or a pipe.
    pub fn install() -> io::Result<Signals> {
        let received = Arc::new(AtomicUsize::new(0));
        let armed = Arc::new(AtomicBool::new(false));
        let (wake, written) = rustix::pipe::pipe()?;
        for signal in [SIGINT, SIGTERM] {
            // First what notes the signal: one that comes before the rest is in place is not lost.
            let number = usize::try_from(signal).unwrap_or(0);
            signal_hook::flag::register_usize(signal, Arc::clone(&received), number)?;
            signal_hook::low_level::pipe::register(signal, written.try_clone()?)?;
            signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&armed))?;
        }
        let wake = Arc::new(wake);
        arm_after_the_first(Arc::clone(&wake), armed);
        Ok(Signals { received, wake: Some(wake) })
    }

    /// Signals that never come. For tests.
    #[must_use]
    pub fn none() -> Signals {
        Signals { received: Arc::default(), wake: None }
    }

    /// The exit code of the signal that came, if one did.
    #[must_use]
    pub fn received(&self) -> Option<Exit> {
        match self.received.load(Ordering::Relaxed) {
            0 => None,
            number if i32::try_from(number) == Ok(SIGTERM) => Some(Exit::Terminated),
            _ => Some(Exit::Interrupted),
        }
    }

    /// Sleeps, and wakes up early when a signal has come: its exit code.
    #[must_use]
    pub fn pause(&self, duration: Duration) -> Option<Exit> {
        let Some(wake) = &self.wake else {
            std::thread::sleep(duration);
            return self.received();
        };
        let mut fds = [PollFd::new(&**wake, PollFlags::IN)];
        let time = rustix::event::Timespec::try_from(duration).ok();
        // An interrupted call is a signal, or may as well be the end of the pause.
        let _ = rustix::event::poll(&mut fds, time.as_ref());
        self.received()
    }

    /// The end of the pipe that becomes readable when a signal comes.
    pub(crate) fn wake(&self) -> Option<&OwnedFd> {
        self.wake.as_deref()
    }
}

/// Lets the next signal quit, a moment after the first one: `timeout` and some shells send one Ctrl-C twice, to the
/// process and to its group, and that must not cost the drain.
fn arm_after_the_first(wake: Arc<OwnedFd>, armed: Arc<AtomicBool>) {
    std::thread::spawn(move || {
        let mut fds = [PollFd::new(&*wake, PollFlags::IN)];
        while matches!(rustix::event::poll(&mut fds, None), Err(rustix::io::Errno::INTR)) {}
        std::thread::sleep(SAME_SIGNAL);
        armed.store(true, Ordering::Relaxed);
    });
}
