//! The server with the real engine. Skipped, and says so, where libchdb has not been fetched.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use kch_test::free_address;

use crate::chdb_server;

/// The library that scripts/native_fetch.sh keeps, or the one that CHDB_LIB names.
fn library() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("CHDB_LIB") {
        return Some(path.into());
    }
    let cache = match std::env::var_os("KCH_CACHE") {
        Some(cache) => PathBuf::from(cache),
        None => PathBuf::from(std::env::var_os("HOME")?).join(".cache/kafka-clickhouse"),
    };
    let found = fs::read_dir(cache)
        .ok()?
        .flatten()
        .map(|part| part.path().join("libchdb.so"))
        .find(|so| so.is_file());
    if found.is_none() {
        eprintln!("skipped: libchdb.so has not been fetched");
    }
    found
}

/// A folder for one test, gone after it.
struct Scene {
    folder: PathBuf,
    http: u16,
}

impl Scene {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("chdb-server-{name}-{}", std::process::id()));
        fs::create_dir_all(folder.join("empty")).expect("a folder");
        let (http, tcp) = (free_address().port(), free_address().port());
        let path = folder.display();
        let config = format!(
            "<clickhouse><logger><level>warning</level><console>1</console></logger>\
             <listen_host>127.0.0.1</listen_host><http_port>{http}</http_port><tcp_port>{tcp}</tcp_port>\
             <path>{path}/data/</path><default_profile>default</default_profile>\
             <default_database>default</default_database>\
             <user_directories><users_xml><path>{path}/users.xml</path></users_xml></user_directories></clickhouse>"
        );
        let users = "<clickhouse><profiles><default/></profiles><quotas><default/></quotas><users><default>\
             <password/><networks><ip>127.0.0.1</ip><ip>::1</ip></networks><profile>default</profile>\
             <quota>default</quota></default></users></clickhouse>";
        fs::write(folder.join("config.xml"), config).expect("a configuration");
        fs::write(folder.join("users.xml"), users).expect("users");
        Self { folder, http }
    }

    fn command(&self, library: &Path) -> Command {
        let mut command = chdb_server();
        command.current_dir(self.folder.join("empty")).stderr(Stdio::piped()).arg("--lib").arg(library);
        command.arg("--config-file").arg(self.folder.join("config.xml"));
        command
    }

    /// Starts the server and waits for its port.
    fn start(&self, library: &Path) -> Child {
        let child = self.command(library).spawn().expect("starts");
        let deadline = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(("127.0.0.1", self.http)).is_err() {
            assert!(Instant::now() < deadline, "the server does not listen");
            sleep(Duration::from_millis(50));
        }
        child
    }

    fn query(&self, sql: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.http)).expect("connects");
        let length = sql.len();
        write!(stream, "POST / HTTP/1.0\r\nContent-Length: {length}\r\n\r\n{sql}").expect("sends");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answers");
        answer.split_once("\r\n\r\n").map_or(answer.clone(), |(_, body)| body.trim().to_owned())
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        // A folder that stays behind is no reason to fail.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Sends the signal; the exit code.
fn stop(mut child: Child, signal: &str) -> Option<i32> {
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill");
    assert!(sent.success());
    child.wait().expect("ends").code()
}

#[test]
fn serves_and_keeps_its_tables_over_a_stop() {
    let Some(library) = library() else { return };
    let scene = Scene::new("keeps");
    let server = scene.start(&library);
    assert_eq!(scene.query("CREATE TABLE t (a Int64) ENGINE = MergeTree ORDER BY a"), "");
    assert_eq!(scene.query("INSERT INTO t SELECT number FROM numbers(100)"), "");
    assert_eq!(stop(server, "-TERM"), Some(0));

    let server = scene.start(&library);
    assert_eq!(scene.query("SELECT sum(a) FROM t"), "4950");
    assert_eq!(stop(server, "-INT"), Some(0));
}

#[test]
fn stops_while_a_query_runs() {
    let Some(library) = library() else { return };
    let scene = Scene::new("busy");
    let server = scene.start(&library);
    let mut stream = TcpStream::connect(("127.0.0.1", scene.http)).expect("connects");
    let sql = "SELECT count() FROM system.numbers";
    write!(stream, "POST / HTTP/1.0\r\nContent-Length: {}\r\n\r\n{sql}", sql.len()).expect("sends");
    sleep(Duration::from_millis(300));
    let begin = Instant::now();
    assert_eq!(stop(server, "-TERM"), Some(0));
    assert!(begin.elapsed() < Duration::from_secs(30), "took {:?}", begin.elapsed());
}

#[test]
fn a_taken_port_is_an_error() {
    let Some(library) = library() else { return };
    let scene = Scene::new("taken");
    let _taken = TcpListener::bind(("127.0.0.1", scene.http)).expect("the port is free");
    let output = scene.command(&library).output().expect("ends");
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(message.contains("Address already in use"), "{message}");
}
