//! An `https://` server with an authority of its own.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use kch_test::Scene;

struct Server {
    child: Child,
    url: String,
}

impl Server {
    /// `openssl s_server`, which answers with the file that a request names.
    fn start(scene: &Scene) -> Server {
        scene.file("ping", "HTTP/1.0 200 OK\r\n\r\nOk.\n");
        let certificate = "req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=localhost -days 2 \
                           -addext subjectAltName=DNS:localhost";
        let output = Command::new("openssl")
            .args(certificate.split(' '))
            .current_dir(scene.dir())
            .output()
            .expect("openssl runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mut child = Command::new("openssl")
            .args("s_server -accept 127.0.0.1:0 -cert cert.pem -key key.pem -HTTP".split(' '))
            .current_dir(scene.dir())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl serves");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines().map_while(Result::ok);
        let accept =
            lines.filter_map(|line| line.strip_prefix("ACCEPT ").map(str::to_owned)).next().expect("a port");
        let port = accept.rsplit(':').next().unwrap_or_default().to_owned();
        Server { child, url: format!("https://localhost:{port}") }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_certificate_of_an_unknown_authority_is_refused_until_it_is_named() {
    let scene = Scene::new();
    let server = Server::start(&scene);
    let ping = || scene.tool("ch-query").args(["--url", &server.url, "--ping"]);
    for run in [ping().run(), scene.tool("ch-query").args(["--url", &server.url, "SELECT 1"]).run()] {
        run.fails_with(3).stdout_is("").stderr_is(format!(
            "ch-query: ClickHouse at {} cannot be reached: TLS: its certificate is signed by an unknown authority\n\
             hint: set CLICKHOUSE_CA to the PEM file of the authority that signed it\n",
            server.url
        ));
    }
    ping().env("CLICKHOUSE_CA", "cert.pem").run().succeeds().stdout_has("\"ping\":\"Ok.\"");
}
