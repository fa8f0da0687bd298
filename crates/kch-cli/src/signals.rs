//! SIGINT and SIGTERM: the first asks for a drain, the second quits at once.
//!
//! The handler sets a flag and writes a byte into a pipe, so that a read of stdin that would wait for ever wakes up.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};

use crate::Exit;

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
            // In this order: the shutdown looks at the flag before the next line arms it, so only a second signal quits.
            signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&armed))?;
            signal_hook::flag::register(signal, Arc::clone(&armed))?;
            let number = usize::try_from(signal).unwrap_or(0);
            signal_hook::flag::register_usize(signal, Arc::clone(&received), number)?;
            signal_hook::low_level::pipe::register(signal, written.try_clone()?)?;
        }
        Ok(Signals { received, wake: Some(Arc::new(wake)) })
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

    /// The end of the pipe that becomes readable when a signal comes.
    pub(crate) fn wake(&self) -> Option<&OwnedFd> {
        self.wake.as_deref()
    }
}
