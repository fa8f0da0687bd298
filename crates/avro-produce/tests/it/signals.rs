//! Ctrl-C: the first drains and says what arrived, the second quits.

use kch_test::Signal;

use crate::Desk;

#[test]
fn the_first_signal_drains_and_counts_every_acknowledged_line() {
    for (signal, code, name) in [(Signal::Interrupt, 130, "SIGINT"), (Signal::Terminate, 143, "SIGTERM")] {
        let desk = Desk::new();
        let mut running = desk.scene.tool("avro-produce").args(["-t", "t"]).stdin_open().spawn();
        running.write("1\n2\n3\n");
        assert_eq!(desk.values(3).len(), 3);
        running.signal(signal);
        running.wait().fails_with(code).stderr_is(format!(
            "avro-produce: stopped by {name}\n\
             avro-produce: 3 records acknowledged; every line before 4 is in, nothing from it on was sent\n"
        ));
    }
}

#[test]
fn a_signal_in_the_middle_of_a_line_sends_and_refuses_nothing_of_it() {
    let header = "id,source,ts,payload\n";
    for (args, whole, half, line) in [
        (&["--on-error", "fail"][..], "1\n", "23", 2),
        (&["--on-error", "skip", "--rejects", "bad.jsonl"], "1\n", "{\"id\":2,", 2),
        (&["--format", "text"], "1\n", "23", 2),
        (&["--format", "csv"], &format!("{header}1,s,t,p\n"), "2,s,t,\"p\np", 3),
    ] {
        let desk = Desk::new();
        let tool = desk.scene.tool("avro-produce").args(["-t", "t"]).args(args).stdin_open();
        let mut running = tool.spawn();
        running.write(format!("{whole}{half}"));
        desk.wait_for_count(1);
        running.signal(Signal::Interrupt);
        running.wait().fails_with(130).stderr_is(format!(
            "avro-produce: stopped by SIGINT\n\
             avro-produce: 1 record acknowledged; every line before {line} is in, nothing from it on was sent\n"
        ));
        assert_eq!(desk.count(), 1);
    }
}

#[test]
fn a_signal_in_what_stands_before_the_records_is_no_fault_of_the_input() {
    // More than a pipe holds: when all is written, the tool is reading it. The length of the schema says 1 MiB.
    let much = "x".repeat(200_000);
    for (format, start) in [("csv", &b"id,"[..]), ("avro", b"Obj\x01\x02\x16avro.schema\x80\x80\x80\x01")] {
        let desk = Desk::new();
        let tool = desk.scene.tool("avro-produce").args(["-t", "t", "--format", format]).stdin_open();
        let mut running = tool.spawn();
        running.write([start, much.as_bytes()].concat());
        running.signal(Signal::Interrupt);
        running.wait().fails_with(130).stderr_is(
            "avro-produce: stopped by SIGINT\n\
             avro-produce: 0 records acknowledged; every line before 1 is in, nothing from it on was sent\n",
        );
    }
}

#[test]
fn a_signal_in_a_fast_stream_leaves_the_account_true() {
    let desk = Desk::new();
    let tool = desk.scene.tool("avro-produce").args(["-t", "t"]).stdin_with(|stdin| {
        // Ends when the tool stops reading.
        (0..100_000_000_u64).try_for_each(|n| writeln!(stdin, "{n}"))
    });
    let mut running = tool.spawn();
    while desk.count() < 1000 {}
    running.signal(Signal::Interrupt);
    let outcome = running.wait();
    outcome.fails_with(130);
    let count = desk.count();
    let account =
        format!("avro-produce: {count} records acknowledged; every line before {} is in", count + 1);
    outcome.stderr_has(account);
}

#[test]
fn the_second_signal_quits_at_once() {
    let desk = Desk::new();
    let mut running =
        desk.scene.tool("avro-produce").args(["-t", "t", "--timeout", "300"]).stdin_open().spawn();
    running.write("1\n");
    assert_eq!(desk.values(1).len(), 1);
    desk.mock.broker_down(1);
    running.write("2\n").until_stdin_is_read();
    // What it has read it sends in a moment.
    std::thread::sleep(std::time::Duration::from_millis(300));
    // timeout(1) sends it twice at once: that is one.
    running.signal(Signal::Interrupt).signal(Signal::Interrupt);
    std::thread::sleep(std::time::Duration::from_secs(1));
    assert!(running.is_running(), "the first signal waits for the acknowledgement");
    running.signal(Signal::Interrupt);
    // Long before its --timeout.
    running.wait().fails_with(130);
}

#[test]
fn a_signal_ends_the_wait_for_a_broker_that_does_not_answer() {
    let desk = Desk::new();
    // It takes connections and never says a word.
    let silent = kch_test::RawServer::start(vec![kch_test::Step::Read(1 << 20)]);
    let address = silent.address().to_string();
    let mut running = desk.scene.tool("avro-produce").args(["-t", "t", "-b", &address]).stdin_open().spawn();
    assert!(silent.has_read("rdkafka", 1, std::time::Duration::from_secs(60)));
    running.signal(Signal::Interrupt);
    running
        .wait()
        .fails_with(130)
        .stderr_is("avro-produce: stopped by a signal before Kafka answered; nothing was sent or read\n");
}
