//! Data of an `INSERT` from stdin to the server: read by a thread of its own, a few chunks ahead of the network.
//!
//! The constraint it keeps: a body that was broken off, by a signal or a failed read, never looks whole to the server.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use kch_cli::{Input, Signals};
use kch_http::Body;
use kch_http::body::{self, Sender};
use tokio::sync::mpsc;

use crate::args::Compression;
use crate::compress::Encoder;
use crate::stdin;

const SMALLEST_CHUNK: usize = 64 << 10;
const LARGEST_CHUNK: usize = 512 << 10;
const CHUNKS_AHEAD: usize = 4;
const SIGNAL_GRACE: Duration = Duration::from_millis(20);

/// Data on their way to the server.
#[derive(Debug)]
pub(crate) struct Upload {
    source: mpsc::Receiver<io::Result<Bytes>>,
    /// What was looked at before it is sent.
    ahead: VecDeque<Bytes>,
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
        let ahead = source.recv().await.transpose()?.into_iter().collect();
        Ok(Upload { source, ahead, progress })
    }

    /// Whether the input had nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.ahead.iter().all(Bytes::is_empty)
    }

    /// The first lines, whole ones, of at most `limit` bytes unless the first one alone is longer. They are still sent.
    pub(crate) async fn first_lines(&mut self, limit: usize) -> io::Result<Vec<u8>> {
        let mut text: Vec<u8> = self.ahead.iter().flatten().copied().collect();
        while text.len() < limit || !text.contains(&b'\n') {
            let Some(chunk) = self.source.recv().await.transpose()? else { return Ok(text) };
            text.extend_from_slice(&chunk);
            self.ahead.push_back(chunk);
        }
        text.truncate(memchr::memrchr(b'\n', &text).map_or(text.len(), |at| at + 1));
        Ok(text)
    }

    pub(crate) fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }

    /// The request's body: `head`, the data, `tail`. To be called inside a runtime.
    pub(crate) fn into_body(self, head: Bytes, tail: Bytes, compression: Compression) -> io::Result<Body> {
        let (sender, body) = body::channel(1);
        let encoder = Encoder::new(compression)?;
        tokio::spawn(pump(self, head, tail, encoder, sender));
        Ok(body)
    }
}

async fn pump(mut upload: Upload, head: Bytes, tail: Bytes, mut encoder: Encoder, mut sender: Sender) {
    upload.ahead.push_front(head);
    let outcome = loop {
        let chunk = match upload.ahead.pop_front() {
            Some(chunk) => Ok(chunk),
            None => match upload.source.recv().await {
                Some(chunk) => chunk,
                None => break encoder.feed(tail).and_then(|last| Ok([last, encoder.finish()?])),
            },
        };
        match chunk.and_then(|chunk| encoder.feed(chunk)) {
            Ok(chunk) if chunk.is_empty() => {}
            // Sending fails when the server has answered and does not want the rest.
            Ok(chunk) => {
                if sender.send_data(chunk).await.is_err() {
                    return;
                }
            }
            Err(error) => break Err(error),
        }
    };
    match outcome {
        Ok(last) => {
            for chunk in last.into_iter().filter(|chunk| !chunk.is_empty()) {
                if sender.send_data(chunk).await.is_err() {
                    return;
                }
            }
        }
        Err(error) => sender.abort(error),
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
    if signals.received().is_none() && !stdin::is_file() {
        std::thread::sleep(SIGNAL_GRACE);
    }
    signals.received().is_some()
}
