//! Proxies between us and a service, and headers of the user's own.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use kch_cli::{Exit, Explain as _};
use kch_http::{Error, Limits};
use kch_test::free_address;

use crate::tls::{Server, certificates};
use crate::transport::serve;
use crate::{Mock, service_with};

const PATIENT: Limits = Limits {
    request: Duration::from_secs(30),
    unreachable: Duration::from_millis(100),
    busy: Duration::from_millis(100),
};

fn ask(settings: &[(&str, &str)]) -> Result<Vec<String>, Error> {
    service_with(settings).limits(PATIENT).get(&["subjects"]).send()?.json()
}

/// The head of a request, as it came.
fn head(stream: &mut TcpStream) -> String {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count > 0) {
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

/// A proxy that gives this answer to every request, and the heads that it saw.
fn proxy(answer: &'static str) -> (SocketAddr, Receiver<String>) {
    let (heads, seen) = channel();
    let address = serve(move |mut stream| {
        let _ = heads.send(head(&mut stream));
        let _ = stream.write_all(answer.as_bytes());
    });
    (address, seen)
}

#[test]
fn a_request_goes_to_the_proxy_with_its_whole_url() {
    let (address, seen) = proxy("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n[\"a\"]");
    let settings = [
        ("SCHEMA_REGISTRY_URL", "http://registry.example:8081/base"),
        ("http_proxy", &format!("http://me:hunter2@{address}")),
    ];
    assert_eq!(ask(&settings).unwrap(), ["a"]);
    let head = seen.recv().unwrap().to_lowercase();
    assert!(head.starts_with("get http://registry.example:8081/base/subjects http/1.1\r\n"), "{head}");
    assert!(head.contains("\r\nhost: registry.example:8081\r\n"), "{head}");
    assert!(head.contains("\r\nproxy-authorization: basic bwu6ahvudgvymg==\r\n"), "{head}");
}

#[test]
fn hosts_of_no_proxy_and_this_machine_see_no_proxy() {
    let (address, seen) = proxy("HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n");
    let mock = Mock::start();
    mock.mount(
        wiremock::Mock::given(wiremock::matchers::path("/subjects"))
            .respond_with(wiremock::ResponseTemplate::new(200).set_body_json(["a"])),
    );
    let settings =
        [("SCHEMA_REGISTRY_URL", &*mock.server.uri()), ("http_proxy", &format!("http://{address}"))];
    assert_eq!(ask(&settings).unwrap(), ["a"]);
    assert!(seen.try_recv().is_err());
}

#[test]
fn https_goes_through_a_tunnel_and_the_proxy_sees_no_more_than_its_address() {
    let dir = certificates();
    let server = Server::start(dir.path(), "");
    let port = server.1.rsplit(':').next().unwrap().to_owned();
    let (heads, seen) = channel();
    let target = format!("127.0.0.1:{port}");
    let address = serve(move |mut stream| {
        let _ = heads.send(head(&mut stream));
        let _ = stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n");
        let mut there = TcpStream::connect(&target).unwrap();
        let (mut back, mut answers) = (stream.try_clone().unwrap(), there.try_clone().unwrap());
        std::thread::spawn(move || std::io::copy(&mut answers, &mut back));
        let _ = std::io::copy(&mut stream, &mut there);
    });
    let ca = dir.path().join("ca.pem").display().to_string();
    let settings = [
        ("SCHEMA_REGISTRY_URL", &*format!("https://registry.example:{port}")),
        ("SCHEMA_REGISTRY_CA", &ca),
        ("SCHEMA_REGISTRY_TOKEN", "secret"),
        ("HTTPS_PROXY", &format!("me:hunter2@{address}")),
    ];
    assert_eq!(ask(&settings).unwrap(), ["a"]);
    let head = seen.recv().unwrap();
    assert_eq!(
        head,
        format!(
            "CONNECT registry.example:{port} HTTP/1.1\r\nHost: registry.example:{port}\r\n\
             Proxy-Authorization: Basic bWU6aHVudGVyMg==\r\n\r\n"
        )
    );
}

#[test]
fn a_proxy_that_wants_credentials_is_told_from_a_service_that_does() {
    for scheme in ["http", "https"] {
        let (address, _) = proxy("HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n");
        let url = format!("{scheme}://registry.example:8081");
        let refused = |user: &str| {
            let proxy = format!("http://{user}{address}");
            ask(&[("SCHEMA_REGISTRY_URL", &url), ("ALL_PROXY", &proxy)]).unwrap_err()
        };
        let error = refused("");
        assert_eq!(error.to_string(), format!("the proxy http://{address} wants credentials, for {url}"));
        assert_eq!(error.hint().unwrap(), "write them into all_proxy, as http://user:password@host:port");
        assert_eq!(error.exit(), Exit::Usage);
        let error = refused("me:hunter2@");
        assert_eq!(
            error.to_string(),
            format!("the proxy http://{address} rejected the credentials, for {url}")
        );
    }
}

#[test]
fn a_proxy_that_is_down_or_makes_no_tunnel_is_named() {
    let away = free_address();
    for (scheme, var) in [("http", "http_proxy"), ("https", "https_proxy")] {
        let url = format!("{scheme}://registry.example");
        let proxy = format!("http://me:hunter2@{away}");
        let error = ask(&[("SCHEMA_REGISTRY_URL", &url), (var, &proxy)]).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "schema registry at {url} (through the proxy http://{away}) cannot be reached: connection refused"
            )
        );
        assert_eq!(
            error.hint().unwrap(),
            format!("is the proxy running? {var} is its address; hosts in no_proxy are reached without it")
        );
        assert_eq!(error.exit(), Exit::Unavailable);
    }
    let (address, _) = proxy("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
    let settings =
        [("SCHEMA_REGISTRY_URL", "https://registry.example"), ("https_proxy", &format!("http://{address}"))];
    let error = ask(&settings).unwrap_err();
    assert!(error.to_string().ends_with("cannot be reached: the proxy made no tunnel to it"), "{error}");
}

#[test]
fn headers_of_the_users_go_with_every_request_and_beat_ours() {
    let mock = Mock::start();
    mock.mount(
        wiremock::Mock::given(wiremock::matchers::any())
            .respond_with(wiremock::ResponseTemplate::new(200).set_body_json(["a"])),
    );
    let uri = mock.server.uri();
    let settings = |headers| {
        [
            ("SCHEMA_REGISTRY_URL", uri.as_str()),
            ("SCHEMA_REGISTRY_TOKEN", "ours"),
            ("SCHEMA_REGISTRY_HEADERS", headers),
        ]
    };
    ask(&settings("X-Tenant: blue; X-Tenant: green; User-Agent: me")).unwrap();
    ask(&settings("Authorization: Digest theirs")).unwrap();
    let requests = mock.requests();
    let all = |request: &wiremock::Request, name| {
        let values = request.headers.get_all(name).iter();
        values.map(|value| value.to_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(all(&requests[0], "x-tenant"), ["blue", "green"]);
    assert_eq!(all(&requests[0], "user-agent"), ["me"]);
    assert_eq!(all(&requests[0], "authorization"), ["Bearer ours"]);
    assert_eq!(all(&requests[1], "authorization"), ["Digest theirs"]);
}
