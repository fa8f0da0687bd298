//! Data of an `INSERT` from stdin to the server: read by a thread of its own, a few chunks ahead of the network.
//!
//! The constraint it keeps: a body that was broken off, by a signal or a failed read, never looks whole to the server.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use kch_cli::{Input, Signals};
use kch_http::Body;
use kch_http::body::{self, Sender};
use tokio::sync::mpsc;

const SMALLEST_CHUNK: usize = 64 << 10;
const LARGEST_CHUNK: usize = 512 << 10;
const CHUNKS_AHEAD: usize = 4;
const SIGNAL_GRACE: Duration = Duration::from_millis(20);

/// Data on their way to the server.
#[derive(Debug)]
pub(crate) struct Upload {
    source: mpsc::Receiver<io::Result<Bytes>>,
    first: Bytes,
    progress: Arc<Progress>,
}

/// What has been read so far, and why reading failed.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    bytes: AtomicU64,
    failed: Mutex<Option<String>>,
}

impl Progress {
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn failed(&self) -> Option<String> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Upload {
    /// Begins to read `input`, and waits for its first bytes or its end.
    pub(crate) async fn start(input: Input, signals: Signals) -> io::Result<Upload> {
        let (send, mut source) = mpsc::channel(CHUNKS_AHEAD);
        let progress = Arc::<Progress>::default();
        let theirs = Arc::clone(&progress);
        // Not joined: it may wait for a stdin that never ends while the server has already refused the data.
        std::thread::Builder::new()
            .name("stdin".to_owned())
            .spawn(move || read(input, &signals, &send, &theirs))?;
        let first = source.recv().await.transpose()?.unwrap_or_default();
        Ok(Upload { source, first, progress })
    }

    /// Whether the input had nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    pub(crate) fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }

    /// The request's body: `head`, then the data. To be called inside a runtime.
    pub(crate) fn into_body(self, head: Bytes) -> Body {
        let (sender, body) = body::channel(1);
        tokio::spawn(pump(self, head, sender));
        body
    }
}

async fn pump(mut upload: Upload, head: Bytes, mut sender: Sender) {
    for chunk in [head, std::mem::take(&mut upload.first)] {
        if sender.send_data(chunk).await.is_err() {
            return;
        }
    }
    // Sending fails when the server has answered and does not want the rest.
    while let Some(chunk) = upload.source.recv().await {
        match chunk {
            Ok(chunk) => {
                if sender.send_data(chunk).await.is_err() {
                    return;
                }
            }
            Err(error) => return sender.abort(error),
        }
    }
}

fn read(mut input: Input, signals: &Signals, send: &mpsc::Sender<io::Result<Bytes>>, progress: &Progress) {
    let mut size = SMALLEST_CHUNK;
    loop {
        let mut chunk = vec![0; size];
        let outcome = match input.read(&mut chunk) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            // After a signal the input is at its end for us, but the data are not.
            Ok(0) if ended_by_signal(signals) => Err(io::ErrorKind::Interrupted.into()),
            Ok(0) => return,
            Ok(count) => {
                // A pipe gives little at a time, a file as much as one asks for.
                size = if count == size { (2 * size).min(LARGEST_CHUNK) } else { size };
                chunk.truncate(count);
                progress.bytes.fetch_add(count as u64, Ordering::Relaxed);
                Ok(Bytes::from(chunk))
            }
            Err(error) => {
                let why = format!("cannot read {}: {error}", input.name());
                *progress.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
                Err(error)
            }
        };
        let ends = outcome.is_err();
        if send.blocking_send(outcome).is_err() || ends {
            return;
        }
    }
}

/// Whether the input's end came with a signal. Ctrl-C goes to the whole pipeline: the program before us may be gone, and
/// its pipe closed, a moment before our own handler has run. Half its data must not be taken for all of it.
fn ended_by_signal(signals: &Signals) -> bool {
    if signals.received().is_none() && !is_file() {
        std::thread::sleep(SIGNAL_GRACE);
    }
    signals.received().is_some()
}

/// Whether stdin is a regular file, which no signal ends.
fn is_file() -> bool {
    let stdin = io::stdin().as_fd().try_clone_to_owned().map(File::from);
    stdin.and_then(|stdin| stdin.metadata()).is_ok_and(|data| data.is_file())
}
