//! An `https://` server with an authority of its own.

use kch_test::{Scene, TlsServer};

#[test]
fn a_certificate_of_an_unknown_authority_is_refused_until_it_is_named() {
    let scene = Scene::new();
    scene.file("ping", "HTTP/1.0 200 OK\r\n\r\nOk.\n");
    let server = TlsServer::start(&scene);
    let url = server.url();
    let ping = || scene.tool("ch-query").args(["--url", &url, "--ping"]);
    for run in [ping().run(), scene.tool("ch-query").args(["--url", &url, "SELECT 1"]).run()] {
        run.fails_with(3).stdout_is("").stderr_is(format!(
            "ch-query: ClickHouse at {url} cannot be reached: TLS: its certificate is signed by an unknown authority\n\
             hint: set CLICKHOUSE_CA to the PEM file of the authority that signed it\n"
        ));
    }
    ping().env("CLICKHOUSE_CA", "cert.pem").run().succeeds().stdout_has("\"ping\":\"Ok.\"");
}
