//! States: listing, waiting, and what a failure looks like.

use kch_test::{RawServer, Scene};

use crate::{ctl, scene};

const TRACE: &str = r"org.apache.kafka.connect.errors.ConnectException: Exiting\n\tat a.B.c(B.java:1)\nCaused by: com.clickhouse.ServerException: Code: 60. Table x does not exist\n\tat d.E\n";

fn status(state: &str) -> String {
    let trace = if state == "FAILED" { format!(r#","trace":"{TRACE}""#) } else { String::new() };
    format!(
        r#"{{"name":"c","type":"sink","connector":{{"state":"RUNNING","worker_id":"w:1"}},
            "tasks":[{{"id":0,"state":"{state}","worker_id":"w:1"{trace}}}]}}"#
    )
}

#[test]
fn a_failed_task_is_exit_1_with_its_root_cause() {
    let (worker, scene) = scene();
    worker.reply("GET", "/connectors/c/status", 200, &status("FAILED"));
    let outcome = ctl(&scene, &["status", "c"]);
    outcome.fails_with(1).stderr_is(
        "connect-ctl: failed: c task 0: ServerException: Code: 60. Table x does not exist\n\
         hint: once that is cured: connect-ctl restart c\n",
    );
    assert_eq!(
        outcome.json_lines()[0]["tasks"][0]["cause"],
        "ServerException: Code: 60. Table x does not exist"
    );
    ctl(&scene, &["status", "c", "-o", "table"]).fails_with(1).stdout_has("c     sink  0     FAILED");
}

#[test]
fn list_is_one_call() {
    let (worker, scene) = scene();
    let info = r#"{"name":"c","config":{"connector.class":"X"},"type":"sink"}"#;
    worker.reply(
        "GET",
        "/connectors",
        200,
        &format!(r#"{{"c":{{"status":{},"info":{info}}}}}"#, status("FAILED")),
    );
    ctl(&scene, &["list"]).succeeds().stdout_is(
        "{\"name\":\"c\",\"type\":\"sink\",\"class\":\"X\",\"state\":\"RUNNING\",\"tasks\":1,\"failed\":1}\n",
    );
    assert_eq!(worker.request_lines(), ["GET /connectors?expand=status&expand=info"]);
}

#[test]
fn waiting_ends_with_running_with_failed_or_with_the_time() {
    let (worker, scene) = scene();
    let wait = |time: &str| ctl(&scene, &["wait", "c", "--timeout", time]);
    worker.reply("GET", "/connectors/c/status", 200, &status("RUNNING"));
    wait("10s").succeeds().stdout_is("").stderr_is("");
    worker.reset().reply("GET", "/connectors/c/status", 200, &status("FAILED"));
    wait("20s").fails_with(1).stderr_has("failed: c task 0: ServerException");
    worker.reset().reply("GET", "/connectors/c/status", 200, &status("UNASSIGNED"));
    wait("1s")
        .fails_with(3)
        .stderr_is("connect-ctl: connector c is not RUNNING after 1 s: RUNNING, task 0 UNASSIGNED\n");
}

#[test]
fn a_missing_connector_names_its_nearest() {
    let (worker, scene) = scene();
    worker.reply(
        "GET",
        "/connectors/clickhous-sink/status",
        404,
        r#"{"error_code":404,"message":"No status found for connector clickhous-sink"}"#,
    );
    worker.reply("GET", "/connectors", 200, r#"{"clickhouse-sink":{"status":{},"info":{}}}"#);
    ctl(&scene, &["status", "clickhous-sink"]).fails_with(1).stderr_is(
        "connect-ctl: connector clickhous-sink does not exist\nhint: did you mean clickhouse-sink?\n",
    );
}

#[test]
fn delete_of_what_is_not_there_is_an_error_unless_that_is_fine() {
    let (worker, scene) = scene();
    worker.reply("DELETE", "/connectors/c", 404, r#"{"error_code":404,"message":"Connector c not found"}"#);
    worker.reply("GET", "/connectors", 200, "{}");
    ctl(&scene, &["delete", "c"]).fails_with(1).stderr_has("connector c does not exist");
    ctl(&scene, &["delete", "c", "--if-exists"]).succeeds().stdout_is("{\"name\":\"c\",\"deleted\":false}\n");
}

#[test]
fn a_worker_that_is_not_there_is_exit_3_and_another_service_exit_2() {
    let address = RawServer::nobody();
    let url = format!("http://{address}");
    Scene::new().tool("connect-ctl").args(["list", "--connect", &url]).run().fails_with(3).stderr_is(
        format!(
            "connect-ctl: Kafka Connect at {url} cannot be reached: connection refused\n\
         hint: is it running? CONNECT_URL is its address\n"
        ),
    );
    let (worker, scene) = scene();
    worker.reply("GET", "/", 200, "{}");
    ctl(&scene, &["info"])
        .fails_with(2)
        .stderr_has("answered 200 with JSON of another shape: missing field `version`");
    ctl(&scene, &["plugins"]).fails_with(2).stderr_has("hint: is ");
}
