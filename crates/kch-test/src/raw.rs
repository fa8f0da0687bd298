//! A TCP server that answers scripted bytes: truncated bodies, cut connections, silence.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// What the server does next with a connection. At the end of the script the connection is closed.
#[derive(Clone, Debug)]
pub enum Step {
    /// Reads until the blank line after an HTTP request's head.
    ReadHead,
    /// Reads an HTTP request with its body, by `Content-Length` or chunks.
    ReadRequest,
    /// Reads at least this many bytes, or to the end of what the client sends.
    Read(usize),
    /// Reads whatever the client sends until it closes, and throws it away.
    Drain,
    /// Sends bytes.
    Send(Vec<u8>),
    /// Waits.
    Wait(Duration),
    /// Closes at once, with a reset if something was left unread.
    Cut,
}

impl Step {
    /// Sends text.
    pub fn send(text: impl AsRef<[u8]>) -> Step {
        Step::Send(text.as_ref().to_vec())
    }
}

#[derive(Debug, Default)]
struct State {
    connections: Mutex<Vec<Connection>>,
    closed_by_client: AtomicBool,
    stop: AtomicBool,
}

/// What a client has sent so far.
#[derive(Debug, Default)]
struct Connection {
    received: Vec<u8>,
    ended: bool,
}

impl State {
    fn connections(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A server that plays a script on each connection. Stops when dropped.
#[derive(Debug)]
pub struct RawServer {
    address: SocketAddr,
    state: Arc<State>,
}

impl RawServer {
    /// Plays `script` on every connection, on a free port of the loopback address.
    ///
    /// # Panics
    /// When no port can be had.
    #[must_use]
    pub fn start(script: Vec<Step>) -> RawServer {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("the port's number");
        let state = Arc::new(State::default());
        let theirs = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if theirs.stop.load(Ordering::SeqCst) {
                    return;
                }
                let (Ok(stream), script, state) = (stream, script.clone(), Arc::clone(&theirs)) else {
                    continue;
                };
                thread::spawn(move || play(stream, script, &state));
            }
        });
        RawServer { address, state }
    }

    /// Reads each request and answers with these bytes, head included, then closes.
    #[must_use]
    pub fn replying(answer: impl AsRef<[u8]>) -> RawServer {
        RawServer::start(vec![Step::ReadRequest, Step::send(answer)])
    }

    /// A port of the loopback address where nobody listens.
    #[must_use]
    pub fn nobody() -> SocketAddr {
        crate::free_address()
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// `127.0.0.1:PORT`.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// The bytes read from each connection whose script has ended.
    #[must_use]
    pub fn received(&self) -> Vec<Vec<u8>> {
        let connections = self.state.connections();
        connections.iter().filter(|one| one.ended).map(|one| one.received.clone()).collect()
    }

    /// Waits, at most `limit`, until this text was read from so many connections, ended or not.
    #[must_use]
    pub fn has_read(&self, text: &str, connections: usize, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        let count = || {
            let has = |one: &&Connection| find(&one.received, text.as_bytes()).is_some();
            self.state.connections().iter().filter(has).count()
        };
        while count() < connections && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(5));
        }
        count() >= connections
    }

    /// Waits, at most `limit`, until a client has closed its connection while [`Step::Drain`] was reading.
    #[must_use]
    pub fn client_closed(&self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        while !self.state.closed_by_client.load(Ordering::SeqCst) && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(5));
        }
        self.state.closed_by_client.load(Ordering::SeqCst)
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.state.stop.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
    }
}

fn play(mut stream: TcpStream, script: Vec<Step>, state: &State) {
    let number = {
        let mut connections = state.connections();
        connections.push(Connection::default());
        connections.len() - 1
    };
    // The client may go at any time: that ends the script.
    let _ = script.into_iter().try_for_each(|step| play_step(&mut stream, step, number, state));
    state.connections()[number].ended = true;
    let _ = stream.shutdown(Shutdown::Write);
}

fn play_step(stream: &mut TcpStream, step: Step, number: usize, state: &State) -> io::Result<()> {
    match step {
        Step::ReadHead => read_until(stream, number, state, |bytes| head_end(bytes).is_some()),
        Step::ReadRequest => read_until(stream, number, state, is_whole_request),
        Step::Read(count) => {
            let enough = state.connections()[number].received.len() + count;
            read_until(stream, number, state, |bytes| bytes.len() >= enough)
        }
        Step::Drain => {
            let ended = io::copy(stream, &mut io::sink());
            state.closed_by_client.store(true, Ordering::SeqCst);
            ended.map(|_| ())
        }
        Step::Send(bytes) => stream.write_all(&bytes),
        Step::Wait(time) => {
            thread::sleep(time);
            Ok(())
        }
        Step::Cut => stream.shutdown(Shutdown::Both).and(Err(io::ErrorKind::ConnectionAborted.into())),
    }
}

fn read_until(
    stream: &mut TcpStream,
    number: usize,
    state: &State,
    done: impl Fn(&[u8]) -> bool,
) -> io::Result<()> {
    let mut chunk = [0; 16 << 10];
    while !done(&state.connections()[number].received) {
        match stream.read(&mut chunk)? {
            0 => break,
            count => state.connections()[number].received.extend_from_slice(&chunk[..count]),
        }
    }
    Ok(())
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

fn head_end(bytes: &[u8]) -> Option<usize> {
    find(bytes, b"\r\n\r\n").map(|at| at + 4)
}

fn is_whole_request(bytes: &[u8]) -> bool {
    let Some(end) = head_end(bytes) else { return false };
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    let header =
        |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(|v| v.trim().to_owned());
    if header("transfer-encoding:").is_some_and(|value| value.contains("chunked")) {
        return bytes[end..].ends_with(b"0\r\n\r\n");
    }
    let length = header("content-length:").and_then(|value| value.parse().ok()).unwrap_or(0);
    bytes.len() >= end + length
}
