//! Brokers that fail on purpose: what is said about deliveries is what happened.

use kch_test::kafka::{RDKafkaApiKey, RDKafkaRespErr};

use crate::Desk;

const LINES: &str = "1\n2\n3\n4\n5\n";

#[test]
fn a_failure_that_passes_is_retried_and_nothing_is_there_twice() {
    let desk = Desk::new();
    desk.mock.fail_requests(
        RDKafkaApiKey::Produce,
        &[RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION; 3],
    );
    desk.scene.tool("avro-produce").args(["-t", "t"]).stdin(LINES).run().succeeds().stderr_is("");
    assert_eq!(desk.values(5).len(), 5);
}

#[test]
fn a_lost_quorum_ends_in_exit_3_and_counts_what_arrived() {
    let desk = Desk::new();
    desk.mock.fail_requests(
        RDKafkaApiKey::Produce,
        &[RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS; 1000],
    );
    let outcome = desk.scene.tool("avro-produce").args(["-t", "t", "--timeout", "2"]).stdin(LINES).run();
    outcome.fails_with(3).stdout_is("");
    outcome.stderr_has("avro-produce: stdin:1: not acknowledged: ");
    outcome.stderr_has("avro-produce: 0 records acknowledged, 5 not; every line before 1 is in");
    assert_eq!(desk.count(), 0);
}

#[test]
fn a_refused_record_ends_in_exit_1_with_its_line() {
    let desk = Desk::new();
    desk.mock
        .fail_requests(RDKafkaApiKey::Produce, &[RDKafkaRespErr::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE; 1000]);
    let outcome = desk.scene.tool("avro-produce").args(["-t", "t", "--timeout", "5"]).stdin("1\n").run();
    outcome.fails_with(1).stderr_has("avro-produce: stdin:1: not acknowledged: ");
    outcome.stderr_has("avro-produce: 0 records acknowledged, 1 not");
}

#[test]
fn a_broker_that_goes_away_in_the_middle_ends_in_exit_3() {
    let desk = Desk::new();
    let mut running =
        desk.scene.tool("avro-produce").args(["-t", "t", "--timeout", "2"]).stdin_open().spawn();
    running.write("1\n2\n");
    assert_eq!(desk.values(2).len(), 2);
    desk.mock.broker_down(1);
    running.write("3\n4\n").close_stdin();
    let outcome = running.wait();
    outcome
        .fails_with(3)
        .stderr_has("avro-produce: 2 records acknowledged, 2 not; every line before 3 is in");
}
