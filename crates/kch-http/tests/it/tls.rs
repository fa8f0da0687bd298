//! TLS with authorities of our own making: `openssl s_server` on the other side.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use kch_cli::{Exit, Explain as _, Settings};
use kch_http::{Endpoint, REGISTRY, Service};

use crate::service_with;

/// A directory with an authority (`ca`), a server's certificate (`server`), a client's (`client`), and a reply.
pub(crate) fn certificates() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let openssl = |args: &str| {
        let output = Command::new("openssl").args(args.split(' ')).current_dir(&dir).output().unwrap();
        assert!(output.status.success(), "{args}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let key = "-newkey rsa:2048 -nodes";
    openssl(&format!("req -x509 {key} -keyout ca.key -out ca.pem -subj /CN=ca -days 2"));
    for name in ["server", "client"] {
        openssl(&format!("req {key} -keyout {name}.key -out {name}.csr -subj /CN={name}"));
        std::fs::write(dir.path().join("names"), "subjectAltName=DNS:localhost,DNS:registry.example")
            .unwrap();
        openssl(&format!(
            "x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out {name}.pem -days 2 -extfile names"
        ));
    }
    openssl("rsa -in client.key -traditional -out client-old.key");
    std::fs::write(dir.path().join("subjects"), "HTTP/1.0 200 OK\r\n\r\n[\"a\"]").unwrap();
    dir
}

pub(crate) struct Server(Child, pub(crate) String);

impl Server {
    pub(crate) fn start(dir: &Path, more: &str) -> Server {
        let args = format!("s_server -accept 127.0.0.1:0 -cert server.pem -key server.key -HTTP {more}");
        let mut child = Command::new("openssl")
            .args(args.split_whitespace())
            .current_dir(dir)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let accept = lines.filter_map(|line| line.strip_prefix("ACCEPT ").map(str::to_owned)).next().unwrap();
        let port = accept.rsplit(':').next().unwrap().to_owned();
        Server(child, format!("https://localhost:{port}"))
    }

    fn ask(&self, settings: &[(&str, &Path)]) -> Result<Vec<String>, kch_http::Error> {
        let mut all = vec![("SCHEMA_REGISTRY_URL", self.1.as_str())];
        all.extend(settings.iter().map(|(name, path)| (*name, path.to_str().unwrap())));
        let limits = kch_http::Limits { request: std::time::Duration::from_secs(10), ..Default::default() };
        service_with(&all).limits(limits).get(&["subjects"]).send()?.json()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn an_authority_of_our_own_is_trusted_once_it_is_named() {
    let dir = certificates();
    let server = Server::start(dir.path(), "");
    let error = server.ask(&[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "schema registry at {} cannot be reached: TLS: its certificate is signed by an unknown authority",
            server.1
        )
    );
    assert_eq!(
        error.hint().unwrap(),
        "set SCHEMA_REGISTRY_CA to the PEM file of the authority that signed it"
    );
    assert_eq!(error.exit(), Exit::Unavailable);
    assert_eq!(server.ask(&[("SCHEMA_REGISTRY_CA", &dir.path().join("ca.pem"))]).unwrap(), ["a"]);
}

#[test]
fn an_address_that_is_not_the_certificates_or_not_for_tls_is_hinted_at() {
    let dir = certificates();
    let ca = dir.path().join("ca.pem");
    let ask = |change: &dyn Fn(&str) -> String| {
        let mut server = Server::start(dir.path(), "");
        server.1 = change(&server.1);
        server.ask(&[("SCHEMA_REGISTRY_CA", &ca)]).unwrap_err()
    };
    let other = ask(&|url| url.replace("localhost", "127.0.0.1"));
    assert!(other.to_string().contains("TLS: its certificate is for another"), "{other}");
    let named = "SCHEMA_REGISTRY_URL must have a name or address that is in the certificate";
    assert_eq!(other.hint().as_deref(), Some(named));
    let plain = ask(&|url| url.replace("https:", "http:"));
    assert!(plain.hint().is_some_and(|hint| hint.contains("https://")), "{plain}: {:?}", plain.hint());
}

#[test]
fn a_certificate_that_is_not_trusted_is_told_although_another_node_answers() {
    let dir = certificates();
    let (server, other) = (Server::start(dir.path(), ""), crate::Mock::start());
    let urls = format!("{},{}", server.1, other.server.uri());
    let error = crate::service(&urls)
        .limits(kch_http::Limits { request: std::time::Duration::from_secs(10), ..Default::default() })
        .get(&["subjects"])
        .send()
        .unwrap_err();
    assert!(error.to_string().ends_with("signed by an unknown authority"), "{error}");
    assert_eq!(other.requests().len(), 0);
}

#[test]
fn a_server_that_wants_a_client_certificate_gets_ours() {
    let dir = certificates();
    let path = |name: &str| dir.path().join(name);
    let server = Server::start(dir.path(), "-Verify 1 -CAfile ca.pem -verify_return_error");
    let ca = path("ca.pem");
    let error = server.ask(&[("SCHEMA_REGISTRY_CA", &ca)]).unwrap_err();
    assert!(error.to_string().ends_with("TLS: it wants a client certificate"), "{error}");
    assert_eq!(error.hint().unwrap(), "set SCHEMA_REGISTRY_CERT and SCHEMA_REGISTRY_KEY");
    let cert = path("client.pem");
    let settings =
        |key| [("SCHEMA_REGISTRY_CA", &*ca), ("SCHEMA_REGISTRY_CERT", &*cert), ("SCHEMA_REGISTRY_KEY", key)];
    assert_eq!(server.ask(&settings(&path("client.key"))).unwrap(), ["a"]);

    let old = path("client-old.key").display().to_string();
    let pairs = [
        ("SCHEMA_REGISTRY_URL", server.1.as_str()),
        ("SCHEMA_REGISTRY_CERT", cert.to_str().unwrap()),
        ("SCHEMA_REGISTRY_KEY", old.as_str()),
    ];
    let endpoint = Endpoint::from_settings(&Settings::from_pairs(pairs), &REGISTRY).unwrap();
    let error = Service::new(endpoint).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("SCHEMA_REGISTRY_KEY: {old} is no PKCS#8 PEM key without a passphrase")
    );
    assert!(error.hint().unwrap().starts_with("openssl pkcs8 -topk8"));
}
