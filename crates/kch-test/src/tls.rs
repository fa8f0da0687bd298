//! An `https://` server whose certificate an authority of its own has signed.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use crate::Scene;

/// `openssl s_server`, which answers with the file of the scene that a request names. Stopped when dropped.
#[derive(Debug)]
pub struct TlsServer {
    child: Child,
    port: String,
}

impl TlsServer {
    /// Makes a certificate, `cert.pem` in the scene, and serves the scene's files: whole answers, with their heads.
    ///
    /// # Panics
    /// When `openssl` is not there.
    #[must_use]
    pub fn start(scene: &Scene) -> TlsServer {
        let certificate = "req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=localhost -days 2 \
                           -addext subjectAltName=DNS:localhost";
        let output = Command::new("openssl").args(certificate.split(' ')).current_dir(scene.dir()).output();
        let output = output.expect("openssl runs");
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
        TlsServer { child, port }
    }

    /// `https://localhost:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://{}", self.address())
    }

    /// `localhost:PORT`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("localhost:{}", self.port)
    }
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
