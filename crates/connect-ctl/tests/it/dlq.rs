//! `dlq` and `lag`, with a broker in this process.

use std::time::Duration;

use kch_test::kafka::Mock;
use kch_test::wiremock::ResponseTemplate;
use kch_test::wiremock::matchers::{method, path};
use kch_test::{HttpStub, Outcome, Scene, Signal};
use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};

use crate::{scene, until};

/// A worker with the connector `c`, a broker with its dead-letter topic, and a registry that knows the schema 7.
pub(crate) struct Desk {
    pub(crate) mock: Mock,
    pub(crate) worker: HttpStub,
    pub(crate) scene: Scene,
    _registry: HttpStub,
}

impl Desk {
    pub(crate) fn new() -> Desk {
        let mock = Mock::start(1);
        mock.create_topic("kafka-events", 2, 1);
        mock.create_topic("letters", 1, 1);
        let registry = HttpStub::start();
        registry.reply("GET", "/schemas/ids/7", 200, r#"{"schema":"{\"type\":\"record\",\"name\":\"E\",\"fields\":[{\"name\":\"id\",\"type\":\"long\"}]}"}"#);
        let (worker, scene) = scene();
        worker.reply("GET", "/connectors/c/config", 200, r#"{"name":"c","connector.class":"X","topics":"kafka-events","errors.deadletterqueue.topic.name":"letters"}"#);
        let scene = scene
            .env("BOOTSTRAP_SERVERS", mock.bootstrap())
            .env("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT")
            .env("SCHEMA_REGISTRY_URL", registry.url());
        Desk { mock, worker, scene, _registry: registry }
    }

    /// A dead letter with Connect's headers, those of `connector`, and one of its own.
    fn put(&self, value: &[u8], connector: &str) {
        let trace = "org.apache.kafka.connect.errors.DataException: Converting failed\n\tat a.B.c(B.java:1)\n\
                     Caused by: x.SerializationException: Unknown magic byte!\n\tat d.E\n";
        let mut headers = OwnedHeaders::new().insert(Header { key: "own", value: Some("kept") });
        for (key, value) in [
            ("topic", "kafka-events"),
            ("partition", "1"),
            ("offset", "42"),
            ("connector.name", connector),
            ("task.id", "0"),
            ("stage", "VALUE_CONVERTER"),
            ("class.name", "io.confluent.connect.avro.AvroConverter"),
            ("exception.class.name", "org.apache.kafka.connect.errors.DataException"),
            ("exception.message", "Converting failed"),
            ("exception.stacktrace", trace),
        ] {
            headers = headers.insert(Header { key: &format!("__connect.errors.{key}"), value: Some(value) });
        }
        self.put_record(
            BaseRecord::<str, [u8]>::to("letters").key("k").payload(value).timestamp(1000).headers(headers),
        );
    }

    pub(crate) fn put_record(&self, record: BaseRecord<'_, str, [u8]>) {
        let producer: BaseProducer =
            ClientConfig::new().set("bootstrap.servers", self.mock.bootstrap()).create().expect("a producer");
        producer.send(record).map_err(|(error, _)| error).expect("a record in the queue");
        producer.flush(Duration::from_secs(30)).expect("an acknowledgement");
    }

    fn dlq(&self, args: &[&str]) -> Outcome {
        self.scene.tool("connect-ctl").args(["dlq", "c"]).args(args).run()
    }
}

#[test]
fn a_dead_letter_is_the_envelope_of_the_record_it_was_and_why() {
    let desk = Desk::new();
    desk.put(b"{\n\"id\": 1.0}", "c");
    desk.put(&[0, 0, 0, 0, 7, 10], "c");
    let outcome = desk.dlq(&[]);
    outcome.succeeds().stderr_is("");
    let place = r#"{"topic":"kafka-events","partition":1,"offset":42,"timestamp":"1970-01-01T00:00:01.000Z","key":"k","value":"#;
    let why = r#""connector":"c","task":0,"stage":"VALUE_CONVERTER","class":"io.confluent.connect.avro.AvroConverter","exception":"org.apache.kafka.connect.errors.DataException","message":"Converting failed","cause":"SerializationException: Unknown magic byte!""#;
    let headers = r#","headers":[{"key":"own","value":"kept"}],"key_schema_id":null,"value_schema_id":"#;
    outcome.stdout_is(format!(
        "{place}{{ \"id\": 1.0}}{headers}null,\"dead_letter\":{{\"topic\":\"letters\",\"partition\":0,\"offset\":0,{why},\
         \"undecoded\":\"the first byte is 0x7b, not 0x00: no registry frame (plain JSON)\"}}}}\n\
         {place}{{\"id\":5}}{headers}7,\"dead_letter\":{{\"topic\":\"letters\",\"partition\":0,\"offset\":1,{why}}}}}\n"
    ));
    assert!(
        desk.dlq(&["--traces"]).json_lines()[0]["dead_letter"]["trace"]
            .as_str()
            .unwrap()
            .contains("\tat d.E")
    );
}

#[test]
fn those_of_others_are_left_out_and_the_count_is_kept() {
    let desk = Desk::new();
    for (value, connector) in [("\"1\"", "c"), ("\"2\"", "other"), ("\"3\"", "c"), ("\"4\"", "c")] {
        desk.put(value.as_bytes(), connector);
    }
    let values = |args: &[&str]| {
        let outcome = desk.dlq(args);
        outcome
            .succeeds()
            .json_lines()
            .iter()
            .map(|line| line["value"].as_str().unwrap().to_owned())
            .collect::<String>()
    };
    assert_eq!(values(&[]), "134");
    assert_eq!(values(&["--all"]), "1234");
    assert_eq!(values(&["-n", "2"]), "13");
    assert_eq!(values(&["--last", "2"]), "34");
    assert_eq!(values(&["-f", "-n", "3"]), "134");
    let mut running = desk.scene.tool("connect-ctl").args(["dlq", "c", "-f"]).spawn();
    running.until_stdout("\"value\":\"4\"");
    desk.put(b"\"5\"", "c");
    running.until_stdout("\"value\":\"5\"");
    running.signal(Signal::Interrupt);
    running.wait().fails_with(130).stderr_is("");
}

#[test]
fn without_connects_headers_the_sinks_only_topic_is_the_records() {
    let desk = Desk::new();
    desk.put_record(BaseRecord::to("letters").payload(&[0xff][..]));
    let outcome = desk.dlq(&[]);
    let line = &outcome.succeeds().json_lines()[0];
    assert_eq!(line["topic"], "kafka-events");
    assert_eq!(line["value"]["base64"], "/w==");
    assert!(
        line["partition"].is_null() && line["offset"].is_null() && line["dead_letter"]["cause"].is_null()
    );
}

#[test]
fn a_sink_without_dead_letters_says_how_to_have_them() {
    let desk = Desk::new();
    desk.worker.reply("GET", "/connectors/plain/config", 200, r#"{"name":"plain","connector.class":"X"}"#);
    let dlq = |args: &[&str]| desk.scene.tool("connect-ctl").arg("dlq").args(args).run();
    dlq(&["plain"])
        .fails_with(1)
        .stderr_has("connector plain has no dead-letter topic\nhint: errors.deadletterqueue.topic.name");
    dlq(&["plain", "--topic", "letters"]).succeeds().stdout_is("");
    dlq(&["c", "--topic", "leters"]).fails_with(1).stderr_has("topic \"leters\" does not exist");
    dlq(&["c", "-b", "127.0.0.1:1"]).fails_with(3).stderr_has("cannot reach Kafka at 127.0.0.1:1");
}

#[test]
fn lag_is_to_the_ends_of_the_topics() {
    let desk = Desk::new();
    for partition in [0, 0, 0, 1] {
        desk.put_record(BaseRecord::to("kafka-events").partition(partition).payload(&b"x"[..]));
    }
    let offsets = |offset: i64| {
        format!(
            r#"{{"offsets":[{{"partition":{{"kafka_topic":"kafka-events","kafka_partition":0}},"offset":{{"kafka_offset":{offset}}}}}]}}"#
        )
    };
    desk.worker.reply("GET", "/connectors", 200, &crate::all(&[("c", "RUNNING", "RUNNING")]));
    desk.worker.reply("GET", "/connectors/c/offsets", 200, &offsets(1));
    let lag = |args: &[&str]| desk.scene.tool("connect-ctl").args(["lag", "c"]).args(args).run();
    let rows = "{\"name\":\"c\",\"topic\":\"kafka-events\",\"partition\":0,\"offset\":1,\"end\":3,\"lag\":2}\n\
                {\"name\":\"c\",\"topic\":\"kafka-events\",\"partition\":1,\"offset\":null,\"end\":1,\"lag\":1}\n";
    lag(&[]).succeeds().stdout_is(rows);
    lag(&["--wait", "1s"]).fails_with(3).stdout_is(rows).stderr_has("connector c is still 3 records behind");
    lag(&["--max", "3"]).succeeds().stdout_is(rows);
    lag(&["--max", "2"])
        .fails_with(1)
        .stdout_is(rows)
        .stderr_is("connect-ctl: connector c is 3 records behind, more than 2\nhint: connect-ctl status c\n");
    lag(&["--max", "3", "--wait", "60s"]).succeeds().stdout_is(rows);
    lag(&["--max", "2", "--wait", "1s"]).fails_with(3).stderr_has("3 records behind, more than 2");
    let unread = desk.scene.tool("connect-ctl").args(["lag", "c", "--max", "2"]).pipe_to(&["true"]).run();
    unread.fails_with(1).stderr_has("3 records behind, more than 2");
    let mut running = desk.scene.tool("connect-ctl").args(["lag", "c", "--watch"]).spawn();
    running.until_stdout("\"partition\":1,\"offset\":null,\"end\":1,\"lag\":1}\n");
    desk.put_record(BaseRecord::to("kafka-events").partition(1).payload(&b"x"[..]));
    running.until_stdout("\"partition\":1,\"offset\":null,\"end\":2,\"lag\":2}\n");
    running.signal(Signal::Interrupt);
    let outcome = running.wait();
    outcome.fails_with(130).stderr_is("");
    assert_eq!(outcome.json_lines().len(), 3, "only what has changed is printed again");
    let mut guard = desk.scene.tool("connect-ctl").args(["lag", "c", "--watch", "--max", "4"]).spawn();
    guard.until_stdout("\"partition\":1,\"offset\":null,\"end\":2,\"lag\":2}\n");
    desk.put_record(BaseRecord::to("kafka-events").partition(0).payload(&b"x"[..]));
    guard
        .wait()
        .fails_with(1)
        .stdout_has("\"end\":4,\"lag\":3}\n")
        .stderr_has("connector c is 5 records behind");
}

/// With errors.tolerance=all they are behind the sink, and no part of its lag.
#[test]
fn lag_tells_of_dead_letters_and_of_those_that_come() {
    let desk = Desk::new();
    let named = r#"{"errors.deadletterqueue.topic.name":"letters","connector.class""#;
    let all = crate::all(&[("c", "RUNNING", "RUNNING")]).replace("{\"connector.class\"", named);
    desk.worker.reply("GET", "/connectors", 200, &all);
    desk.worker.reply("GET", "/connectors/c/offsets", 200, r#"{"offsets":[]}"#);
    let lag = |args: &[&str]| desk.scene.tool("connect-ctl").args(["lag", "c"]).args(args).run();
    lag(&[]).succeeds().stderr_is("");
    desk.put(b"x", "c");
    let note = |letters: &str| format!("connect-ctl: note: letters has {letters}: connect-ctl dlq c\n");
    let (one, two) = (note("1 dead letter"), note("2 dead letters, 1 of them new"));
    lag(&[]).succeeds().stderr_is(&one);
    lag(&["--wait", "60s"]).succeeds().stderr_is(&one);
    let mut watch = desk.scene.tool("connect-ctl").args(["lag", "c", "--watch"]).spawn();
    watch.until_stderr(&one);
    desk.put(b"y", "c");
    watch.until_stderr(&two);
    watch.signal(Signal::Interrupt);
    watch.wait().fails_with(130).stderr_is(one + &two);

    // Those that come while it is waited are new.
    desk.put_record(BaseRecord::to("kafka-events").partition(0).payload(&b"x"[..]));
    let looks = || desk.worker.request_lines().iter().filter(|line| line.ends_with("/c/offsets")).count();
    let before = looks();
    let wait = desk.scene.tool("connect-ctl").args(["lag", "c", "--wait", "60s"]).spawn();
    // The first is at a single sink, the second at its lag.
    until("a look at the lag", || looks() >= before + 2);
    desk.put(b"z", "c");
    let read = r#"{"offsets":[{"partition":{"kafka_topic":"kafka-events","kafka_partition":0},"offset":{"kafka_offset":1}}]}"#;
    let caught_up = ResponseTemplate::new(200).set_body_raw(read, "application/json");
    desk.worker.mount(
        kch_test::wiremock::Mock::given(method("GET"))
            .and(path("/connectors/c/offsets"))
            .respond_with(caught_up)
            .with_priority(1),
    );
    wait.wait().succeeds().stderr_is(note("3 dead letters, 1 of them new"));
}

#[test]
fn a_worker_that_restarts_ends_no_wait_for_a_lag_and_no_watch() {
    let desk = Desk::new();
    desk.put_record(BaseRecord::to("kafka-events").partition(0).payload(&b"x"[..]));
    desk.worker.reply("GET", "/connectors", 200, &crate::all(&[("c", "RUNNING", "RUNNING")]));
    let offsets = |status: u16, body: &str, times: u64| {
        let answer = ResponseTemplate::new(status).set_body_raw(body.to_owned(), "application/json");
        let at = kch_test::wiremock::Mock::given(method("GET")).and(path("/connectors/c/offsets"));
        desk.worker.mount(at.respond_with(answer).up_to_n_times(times));
    };
    let read = r#"{"offsets":[{"partition":{"kafka_topic":"kafka-events","kafka_partition":0},"offset":{"kafka_offset":1}}]}"#;
    // Two looks: at a single sink, and at its lag.
    offsets(200, r#"{"offsets":[]}"#, 2);
    offsets(500, r#"{"error_code":500,"message":"starting"}"#, 1);
    offsets(200, read, u64::MAX);
    let wait = desk.scene.tool("connect-ctl").args(["lag", "c", "--wait", "60s"]).run();
    wait.succeeds().stdout_has("\"offset\":1,\"end\":1,\"lag\":0}").stderr_is(format!(
        "connect-ctl: Kafka Connect at {} answered 500: starting; still looking\n\
         connect-ctl: the lag can be measured again\n",
        desk.worker.url()
    ));
    desk.worker.reset().reply("GET", "/connectors", 200, &crate::all(&[("c", "RUNNING", "RUNNING")]));
    desk.worker.reply(
        "GET",
        "/connectors/c/config",
        200,
        r#"{"connector.class":"X","topics":"kafka-events"}"#,
    );
    offsets(200, r#"{"offsets":[]}"#, 2);
    offsets(500, r#"{"error_code":500,"message":"starting"}"#, 1);
    offsets(200, read, u64::MAX);
    let mut watch = desk.scene.tool("connect-ctl").args(["lag", "c", "--watch"]).spawn();
    watch.until_stdout("\"offset\":1,\"end\":1,\"lag\":0}");
    watch.signal(Signal::Interrupt);
    watch.wait().fails_with(130).stderr_has("; still looking\n");
}

#[test]
fn without_a_name_the_lag_is_of_all_sinks_and_one_that_has_none_does_not_hide_the_others() {
    let desk = Desk::new();
    let inside = |object: &str| object[1..object.len() - 1].to_owned();
    let source = crate::all(&[("src", "RUNNING", "RUNNING")]).replace("sink", "source");
    let sinks = crate::all(&[("c", "RUNNING", "RUNNING"), ("lost", "RUNNING", "RUNNING")]);
    let all = format!("{{{},{}}}", inside(&sinks), inside(&source));
    desk.worker.reply("GET", "/connectors", 200, &all);
    for name in ["c", "lost"] {
        desk.worker.reply("GET", &format!("/connectors/{name}/offsets"), 200, r#"{"offsets":[]}"#);
    }
    let lost = r#"{"name":"lost","connector.class":"X","topics":"not-there"}"#;
    desk.worker.reply("GET", "/connectors/lost/config", 200, lost);
    let outcome = desk.scene.tool("connect-ctl").arg("lag").run();
    outcome.fails_with(1).stderr_has("topic \"not-there\" does not exist").never_says("src");
    assert!(outcome.json_lines().iter().all(|row| row["name"] == "c" && row["lag"] == 0));
    assert_eq!(outcome.json_lines().len(), 2);
}

#[test]
fn a_sinks_pattern_finds_its_topics_and_a_source_has_no_lag() {
    let desk = Desk::new();
    desk.worker.reply("GET", "/connectors", 200, "{}");
    let config = |name: &str, setting: &str| {
        let config = format!(r#"{{"name":"{name}","connector.class":"X"{setting}}}"#);
        desk.worker.reply("GET", &format!("/connectors/{name}/config"), 200, &config);
        desk.worker.reply("GET", &format!("/connectors/{name}/offsets"), 200, r#"{"offsets":[]}"#);
        desk.scene.tool("connect-ctl").args(["lag", name]).run()
    };
    let rows = config("pattern", r#","topics.regex":"kafka-.*""#).succeeds().json_lines();
    assert_eq!(rows.len(), 2);
    config("source", "").fails_with(1).stderr_has("connector source reads no topics: it is a source");
}
