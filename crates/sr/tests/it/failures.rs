//! Registries that are not there, not themselves, or not ours to use; and readers that go away.

use kch_test::{RawServer, Scene, Signal, TlsServer};

use crate::{scene, sr};

#[test]
fn a_registry_that_is_not_there_is_exit_3() {
    let address = RawServer::nobody();
    let url = format!("http://me:hunter2@{address}");
    let outcome = Scene::new().tool("sr").args(["subjects", "--registry", &url]).run();
    outcome
        .fails_with(3)
        .stderr_is(format!(
            "sr: schema registry at http://{address} cannot be reached: connection refused\n\
             hint: is it running? SCHEMA_REGISTRY_URL is its address\n"
        ))
        .never_says("hunter2");
}

#[test]
fn wrong_credentials_are_exit_2_and_name_the_variables() {
    let (registry, scene) = scene();
    registry.reply("GET", "/subjects", 401, "<html>401</html>");
    let scene = scene.env("SCHEMA_REGISTRY_USERNAME", "me").env("SCHEMA_REGISTRY_PASSWORD", "hunter2");
    sr(&scene, &["subjects"])
        .fails_with(2)
        .stderr_is(format!(
            "sr: schema registry at {} rejected the credentials\n\
             hint: set SCHEMA_REGISTRY_USERNAME and SCHEMA_REGISTRY_PASSWORD, or SCHEMA_REGISTRY_TOKEN, in .env or the \
             environment\n",
            registry.url()
        ))
        .never_says("hunter2");
}

#[test]
fn a_login_page_is_not_taken_for_a_registry() {
    let (registry, scene) = scene();
    registry.reply("GET", "/subjects", 200, "<html><title>Log in</title></html>");
    sr(&scene, &["subjects"]).fails_with(2).stdout_is("").stderr_is(format!(
        "sr: schema registry at {0} answered 200 with HTML, not JSON: \"Log in\"\n\
         hint: is {0} really the address of the schema registry? this looks like a proxy, a login page or another service\n",
        registry.url()
    ));
}

#[test]
fn settings_are_shown_masked_with_their_sources() {
    let scene = Scene::new().env("SCHEMA_REGISTRY_PASSWORD", "hunter2");
    let outcome =
        scene.tool("sr").args(["--show-config", "--registry", "http://u:hunter2@h:1", "-o", "raw"]).run();
    outcome.succeeds().never_says("hunter2").stdout_has("SCHEMA_REGISTRY_URL\thttp://u:********@h:1\tflag\n");
}

#[test]
fn a_reader_that_goes_away_is_no_error_and_a_full_disk_is_one() {
    let (registry, scene) = scene();
    let many: Vec<String> = (0..50_000).map(|n| format!("\"subject-{n}\"")).collect();
    registry.reply("GET", "/subjects", 200, &format!("[{}]", many.join(",")));
    let tool = || scene.tool("sr").arg("subjects");
    tool().pipe_to(&["head", "-1"]).run().succeeds().stdout_is("{\"subject\":\"subject-0\"}\n").stderr_is("");
    tool()
        .stdout_to("/dev/full")
        .run()
        .fails_with(1)
        .stderr_has("sr: cannot write to stdout: No space left on device (os error 28)\n");
}

/// What was cut short is not judged.
#[test]
fn a_signal_ends_a_read_of_stdin_with_its_own_exit_code() {
    let (registry, scene) = scene();
    for (args, line) in [
        (&["register", "s", "-"][..], "{\"type\":\n"),
        (&["lint", "-"], "{\"type\":\n"),
        (&["decode"], "00000000070\n"),
        (&["infer"], "{\"id\":1"),
    ] {
        for (signal, code) in [(Signal::Interrupt, 130), (Signal::Terminate, 143)] {
            let mut running = scene.tool("sr").args(args).stdin_open().spawn();
            // More than a pipe holds: all of it is written when the tool reads.
            running.write(" \n".repeat(200_000)).write(line).signal(signal);
            running.wait().fails_with(code).stdout_is("");
        }
    }
    assert!(registry.request_lines().is_empty());
}

#[test]
fn a_signal_ends_a_wait_at_once() {
    let address = RawServer::nobody();
    let scene = Scene::new();
    let url = format!("http://{address}");
    // Longer than this test may take.
    let mut running = scene.tool("sr").args(["wait", "--timeout", "1h", "--registry", &url]).spawn();
    running.signal(Signal::Interrupt);
    running.wait().fails_with(130);
}

#[test]
fn a_certificate_of_an_unknown_authority_is_refused_until_it_is_named() {
    let scene = Scene::new();
    scene.file("subjects", "HTTP/1.0 200 OK\r\n\r\n[\"orders-value\"]");
    let server = TlsServer::start(&scene);
    let subjects = || scene.tool("sr").args(["subjects", "--registry", &server.url()]);
    subjects().run().replace(&server.url(), "URL").fails_with(3).stdout_is("").stderr_is(
        "sr: schema registry at URL cannot be reached: TLS: its certificate is signed by an unknown authority\n\
         hint: set SCHEMA_REGISTRY_CA to the PEM file of the authority that signed it\n",
    );
    let trusting = subjects().env("SCHEMA_REGISTRY_CA", "cert.pem").run();
    trusting.succeeds().stdout_is("{\"subject\":\"orders-value\"}\n");
}
