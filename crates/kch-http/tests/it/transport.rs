//! Connections: none, slow, broken, not HTTP; and an answer that comes before the request has ended.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use http_body_util::BodyExt as _;
use kch_cli::{Exit, Explain as _, Settings};
use kch_http::{Bytes, CLICKHOUSE, Client, Endpoint, Limits, Method, body};

use kch_test::free_address;

use crate::{LIMITS, service, service_with};

/// A server that does `job` with each connection.
pub(crate) fn serve(job: impl Fn(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || listener.incoming().flatten().for_each(&job));
    address
}

#[test]
fn nobody_there_is_connection_refused_after_a_few_tries() {
    let url = format!("http://me:hunter2@{}", free_address());
    let begun = Instant::now();
    let error = service(&url).get(&["subjects"]).send().unwrap_err();
    let shown = url.replace("me:hunter2@", "");
    assert_eq!(
        error.to_string(),
        format!("schema registry at {shown} cannot be reached: connection refused")
    );
    assert_eq!(error.hint().unwrap(), "is it running? SCHEMA_REGISTRY_URL is its address");
    assert_eq!(error.exit(), Exit::Unavailable);
    assert!(begun.elapsed() < Duration::from_secs(30));
}

#[test]
fn comes_up_while_we_try() {
    let address = free_address();
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(100));
        let listener = TcpListener::bind(address).unwrap();
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 1024]);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]").unwrap();
    });
    let patient = service(&format!("http://{address}"))
        .limits(Limits { unreachable: Duration::from_secs(30), ..LIMITS });
    assert!(patient.get(&["subjects"]).send().unwrap().is_success());
}

#[test]
fn a_slow_server_is_a_timeout() {
    let address = serve(|stream| {
        thread::sleep(Duration::from_secs(3));
        drop(stream);
    });
    let impatient = service(&format!("http://{address}"))
        .limits(Limits { request: Duration::from_millis(300), ..LIMITS });
    let error = impatient.get(&["subjects"]).send().unwrap_err();
    assert_eq!(error.to_string(), format!("schema registry at http://{address} did not answer within 0.3 s"));
    assert_eq!(error.exit(), Exit::Unavailable);
}

#[test]
fn an_unknown_name_is_said_to_be_one() {
    let error = service("http://no-such-host.invalid:8081/").get(&["subjects"]).send().unwrap_err();
    let text = error.to_string();
    let slow_resolver = text.ends_with("did not answer within 20 s");
    assert!(text.ends_with("the name no-such-host.invalid is not known") || slow_resolver, "{text}");
    assert_eq!(error.exit(), Exit::Unavailable);
}

#[test]
fn a_connection_that_closes_without_an_answer_is_told_apart_from_none() {
    let address = serve(|mut stream| {
        let _ = stream.read(&mut [0; 1024]);
    });
    let error = service(&format!("http://{address}")).get(&["subjects"]).send().unwrap_err();
    let text = error.to_string();
    assert!(text.ends_with("broke the connection: closed before the answer was complete"), "{text}");
    assert_eq!(error.hint().unwrap(), "does it want https://?");
}

#[test]
fn half_a_reply_is_an_error() {
    let address = serve(|mut stream| {
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"half\":");
    });
    let error = service(&format!("http://{address}")).get(&["subjects"]).send().unwrap_err();
    assert!(error.to_string().contains("broke the connection"), "{error}");
    assert_eq!(error.exit(), Exit::Unavailable);
}

#[test]
fn something_that_is_not_http_is_named_as_such() {
    let address = serve(|mut stream| {
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(b"220 mail.example ESMTP\r\n");
    });
    let error = service(&format!("http://{address}")).get(&["subjects"]).send().unwrap_err();
    assert!(error.to_string().ends_with("it does not speak HTTP"), "{error}");
}

#[test]
fn https_to_a_plain_server_says_so() {
    let address = serve(|mut stream| {
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
    });
    let error = service(&format!("https://{address}")).get(&["subjects"]).send().unwrap_err();
    assert!(error.to_string().ends_with("TLS: it does not speak TLS"), "{error}");
    assert_eq!(error.hint().unwrap(), "is it http:// rather than https://?");
}

#[test]
fn certificate_files_that_cannot_be_used_are_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    let problem = |name, value| {
        let settings = Settings::from_pairs([("SCHEMA_REGISTRY_URL", "https://h"), (name, value)]);
        let endpoint = Endpoint::from_settings(&settings, &kch_http::REGISTRY).unwrap();
        kch_http::Service::new(endpoint).unwrap_err().to_string()
    };
    assert_eq!(
        problem("SCHEMA_REGISTRY_CA", path),
        format!("SCHEMA_REGISTRY_CA: {path} holds no PEM certificates")
    );
    assert_eq!(
        problem("SCHEMA_REGISTRY_CA", "/no/such.pem"),
        "SCHEMA_REGISTRY_CA: /no/such.pem cannot be read: No such file or directory (os error 2)"
    );
}

#[test]
fn a_call_from_several_threads_at_once_works() {
    let address = serve(|mut stream| {
        thread::spawn(move || {
            while stream.read(&mut [0; 1024]).is_ok_and(|n| n > 0) {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]");
            }
        });
    });
    let service = service_with(&[("SCHEMA_REGISTRY_URL", &format!("http://{address}"))]);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert!(service.get(&["x"]).send().unwrap().is_success()));
        }
    });
}

/// What ClickHouse does with a bad row: it answers and reads no further.
#[test]
fn an_answer_in_the_middle_of_an_upload_is_read() {
    let address = serve(|mut stream| {
        let _ = stream.read(&mut [0; 100]);
        let _ = stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 7\r\n\r\nbad row");
        thread::sleep(Duration::from_secs(60));
    });
    let url = format!("http://{address}");
    let settings = Settings::from_pairs([("CLICKHOUSE_HTTP", url.as_str())]);
    let client = Client::new(Endpoint::from_settings(&settings, &CLICKHOUSE).unwrap()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (mut sender, body) = body::channel(2);
        let feed = tokio::spawn(async move {
            let chunk = Bytes::from(vec![b'x'; 256 << 10]);
            while sender.send_data(chunk.clone()).await.is_ok() {}
        });
        let request = client.request(Method::POST, &[], &[("query", "INSERT")]).body(body).unwrap();
        let response =
            tokio::time::timeout(Duration::from_secs(30), client.send(request)).await.unwrap().unwrap();
        assert_eq!(response.status(), 400);
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "bad row");
        feed.abort();
    });
}

/// What ClickHouse does for as long as a query runs; a parser would see none of it before the end, and refuse so many.
#[test]
fn lines_of_a_head_are_told_while_it_is_still_coming() {
    let (go_on, seen) = std::sync::mpsc::channel();
    let seen = std::sync::Mutex::new(seen);
    let address = serve(move |mut stream| {
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nX-Progress: 0\r\n");
        // The head ends after its first line was seen.
        let first: Vec<u8> = seen.lock().unwrap().recv().unwrap();
        assert_eq!(first, b"0");
        (1..2000).for_each(|n| {
            let _ = stream.write_all(format!("X-Progress: {n}\r\n").as_bytes());
        });
        let _ = stream.write_all(b"content-length: 2\r\nx-other: 1\r\n\r\nok");
    });
    let url = format!("http://{address}");
    let settings = Settings::from_pairs([("CLICKHOUSE_HTTP", url.as_str())]);
    let client = Client::new(Endpoint::from_settings(&settings, &CLICKHOUSE).unwrap()).unwrap();
    let count = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counter = std::sync::Arc::clone(&count);
    let client = client.watching_heads("x-progress", move |value| {
        counter.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let _ = go_on.send(value.to_vec());
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let request = client.request(Method::GET, &[], &[]).body(body::empty()).unwrap();
        let sent = tokio::time::timeout(Duration::from_secs(30), client.send(request));
        let response = sent.await.unwrap().unwrap();
        assert!(response.headers().get("x-progress").is_none() && response.headers()["x-other"] == "1");
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "ok");
    });
    assert_eq!(count.load(std::sync::atomic::Ordering::SeqCst), 2000);
}
