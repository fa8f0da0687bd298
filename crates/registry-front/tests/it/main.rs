//! The front with a stand-in behind it: what comes through, and what a client sees when nothing is there.

mod deletions_live;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command};
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};

use kch_test::free_address;

/// A front between two free ports.
struct Front {
    process: Child,
    port: u16,
}

impl Front {
    fn before(backend: u16) -> Self {
        let port = free_address().port();
        let process = Command::new(env!("CARGO_BIN_EXE_registry-front"))
            .args(["--listen", &format!("127.0.0.1:{port}"), "--backend", &format!("127.0.0.1:{backend}")])
            .spawn()
            .expect("starts");
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "the front does not listen");
            sleep(Duration::from_millis(10));
        }
        Self { process, port }
    }

    /// Sends a request as it is and reads to the end.
    fn ask(&self, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("connects");
        stream.write_all(request).expect("sends");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answers");
        answer
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        // Both fail only when the process has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Answers one request with 200 and what it was asked: the request line and the length of the body.
fn echo_once() -> (u16, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let served = thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a request");
        let mut reader = BufReader::new(stream);
        let (mut first, mut length) = (String::new(), 0);
        reader.read_line(&mut first).expect("a request line");
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).expect("a header");
            if let Some(value) = header.strip_prefix("Content-Length: ") {
                length = value.trim().parse().expect("a number");
            }
            if header == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("the body");
        let seen = format!("{} and {length} bytes", first.trim());
        write!(reader.get_mut(), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{seen}").expect("answers");
        seen
    });
    (port, served)
}

#[test]
fn puts_the_prefix_before_a_request_and_passes_a_large_body() {
    let (backend, served) = echo_once();
    let front = Front::before(backend);
    let mut request =
        b"POST /subjects/a/versions HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n".to_vec();
    request.resize(request.len() + 300_000, b'x');
    let answer = front.ask(&request);
    let seen = served.join().expect("served");
    assert_eq!(seen, "POST /apis/ccompat/v7/subjects/a/versions HTTP/1.1 and 300000 bytes");
    assert!(answer.ends_with(&seen), "{answer}");
}

#[test]
fn a_client_that_goes_away_in_its_body_holds_nobody_up() {
    let (backend, served) = echo_once();
    let front = Front::before(backend);
    let mut stalled = Vec::new();
    for _ in 0..2 {
        let mut client = TcpStream::connect(("127.0.0.1", front.port)).expect("connects");
        client.write_all(b"POST /a HTTP/1.1\r\nContent-Length: 10\r\n\r\nhalf").expect("sends");
        stalled.push(client);
    }
    drop(stalled.pop());
    let begun = Instant::now();
    let answer = front.ask(b"DELETE /subjects/a HTTP/1.1\r\n\r\n");
    assert!(answer.ends_with("DELETE /apis/ccompat/v7/subjects/a HTTP/1.1 and 0 bytes"), "{answer}");
    // A client's silence is suffered for 60 s.
    assert!(begun.elapsed() < Duration::from_secs(50));
    served.join().expect("served");
}

#[test]
fn a_client_that_waits_for_a_word_gets_it() {
    let (backend, served) = echo_once();
    let front = Front::before(backend);
    let mut client = TcpStream::connect(("127.0.0.1", front.port)).expect("connects");
    client
        .write_all(b"POST /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        .expect("sends");
    let mut word = [0; 25];
    client.read_exact(&mut word).expect("a word");
    assert_eq!(&word, b"HTTP/1.1 100 Continue\r\n\r\n");
    client.write_all(b"{}").expect("sends");
    let mut answer = String::new();
    client.read_to_string(&mut answer).expect("an answer");
    assert!(answer.ends_with("POST /apis/ccompat/v7/a HTTP/1.1 and 2 bytes"), "{answer}");
    served.join().expect("served");
}

#[test]
fn answers_the_mode_itself() {
    let front = Front::before(free_address().port());
    let answer = front.ask(b"GET /mode HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("{\"mode\":\"READWRITE\"}"),
        "{answer}"
    );
}

#[test]
fn says_that_the_registry_is_not_there() {
    let front = Front::before(free_address().port());
    let answer = front.ask(b"GET /subjects HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{answer}");
    assert!(answer.contains("\"error_code\":50003"), "{answer}");
}

#[test]
fn refuses_an_endless_head() {
    let front = Front::before(free_address().port());
    let mut request = b"GET / HTTP/1.1\r\nX: ".to_vec();
    request.resize(64 * 1024, b'x');
    assert!(front.ask(&request).starts_with("HTTP/1.1 431 "));
}
