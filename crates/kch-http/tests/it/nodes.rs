//! Several nodes of one service, some of which are not there.

use std::time::Duration;

use kch_cli::{Exit, Explain as _};
use kch_http::{Limits, Service};
use kch_test::{RawServer, Step, free_address};
use wiremock::matchers::any;
use wiremock::{Mock as Answer, ResponseTemplate};

use crate::{LIMITS, Mock, service};

/// A node that answers everything with this status.
fn node(status: u16) -> Mock {
    let node = Mock::start();
    let body = ResponseTemplate::new(status).set_body_string("[]");
    node.mount(Answer::given(any()).respond_with(body));
    node
}

fn nobody() -> String {
    format!("http://{}", free_address())
}

fn of(urls: &[&str]) -> Service {
    service(&urls.join(","))
}

#[test]
fn the_next_node_is_asked_when_one_is_not_there_and_is_asked_first_from_then_on() {
    let (live, dead) = (node(200), nobody());
    let service = of(&[&dead, &live.server.uri()]);
    for _ in 0..2 {
        assert!(service.get(&["x"]).send().unwrap().is_success());
        assert_eq!(service.endpoint().base(), live.server.uri());
    }
    assert!(service.put(&["x"]).send().unwrap().is_success());
    // What cannot have arrived may be sent to another node, a POST too.
    assert!(of(&[&dead, &live.server.uri()]).post(&["x"]).send().unwrap().is_success());
    assert_eq!(live.requests().len(), 4);
}

#[test]
fn none_there_is_told_with_each_of_them() {
    let (a, b) = (nobody(), nobody().replace("//", "//me:hunter2@"));
    let error = of(&[&a, &b]).get(&["x"]).send().unwrap_err();
    let text = format!(
        "schema registry at {a} cannot be reached: connection refused; {} cannot be reached: connection refused",
        b.replace("me:hunter2@", "")
    );
    assert_eq!(error.to_string(), text);
    assert_eq!(error.hint().unwrap(), "is it running? SCHEMA_REGISTRY_URL is its address");
    assert_eq!(error.exit(), Exit::Unavailable);
}

#[test]
fn a_node_that_takes_a_request_and_says_nothing_is_given_up_unless_it_must_not_be_done_twice() {
    let (silent, live) =
        (RawServer::start(vec![Step::ReadHead, Step::Wait(Duration::from_secs(60))]), node(200));
    let cut = RawServer::start(vec![Step::ReadHead, Step::Cut]);
    for mute in [silent.url(), cut.url()] {
        let asked = live.requests().len();
        let limits = Limits { request: Duration::from_secs(1), ..LIMITS };
        let service = || of(&[&mute, &live.server.uri()]).limits(limits);
        assert!(service().get(&["x"]).send().unwrap().is_success());
        let deleted = service().delete(&["x"]).send().unwrap();
        assert!(deleted.is_success() && deleted.retried, "the first node may have done it");
        let error = service().post(&["x"]).send().unwrap_err();
        assert!(error.to_string().contains(&mute), "{error}");
        assert_eq!(live.requests().len(), asked + 2, "no POST was sent to the second node");
        assert!(service().post(&["x"]).repeatable().send().unwrap().is_success());
    }
}

#[test]
fn a_node_that_cannot_now_is_passed_over_and_one_that_refuses_is_not() {
    let (busy, live) = (node(503), node(200));
    assert!(of(&[&busy.server.uri(), &live.server.uri()]).post(&["x"]).send().unwrap().is_success());
    for status in [401, 404] {
        let (first, asked) = (node(status), live.requests().len());
        let _ = of(&[&first.server.uri(), &live.server.uri()]).get(&["x"]).send();
        assert_eq!(live.requests().len(), asked, "{status} is an answer");
    }
}

/// Connect's server is there before its paths are, and says so in HTML.
#[test]
fn a_node_that_is_still_starting_is_passed_over_too() {
    let (starting, live) = (Mock::start(), node(200));
    let page = ResponseTemplate::new(404).set_body_string("<html><title>Error 404 Not Found</title></html>");
    starting.mount(Answer::given(any()).respond_with(page));
    let url = starting.server.uri();
    assert!(of(&[&url, &live.server.uri()]).post(&["x"]).send().unwrap().is_success());
    let error = of(&[&url, &nobody()]).get(&["x"]).send().unwrap_err();
    assert!(error.to_string().contains("answered 404 with HTML"), "{error}");
    assert_eq!(error.exit(), Exit::Usage);
}

#[test]
fn a_404_of_the_next_node_is_the_first_ones_work_only_if_that_may_have_done_it() {
    let gone = node(404);
    let deleted = |first: &str| of(&[first, &gone.server.uri()]).delete(&["x"]).send().unwrap();
    assert!(!deleted(&node(503).server.uri()).retried, "a 503 did nothing");
    assert!(!deleted(&nobody()).retried);
    assert!(deleted(&node(504).server.uri()).retried);
    assert!(deleted(&RawServer::start(vec![Step::ReadHead, Step::Cut]).url()).retried);
}

#[test]
fn a_node_that_is_something_else_is_not_passed_over() {
    let (live, asked) = (node(200), Step::ReadHead);
    let mail = RawServer::start(vec![asked, Step::Send(b"220 mail.example ESMTP\r\n".to_vec())]);
    let error = of(&[&mail.url(), &live.server.uri()]).get(&["x"]).send().unwrap_err();
    assert!(error.to_string().ends_with("it does not speak HTTP"), "{error}");
    // The one that is not there is named too.
    let error = of(&[&nobody(), &mail.url(), &live.server.uri()]).get(&["x"]).send().unwrap_err();
    assert!(error.to_string().contains("connection refused; "), "{error}");
    assert!(error.hint().unwrap().contains("something else listens there"), "{error}");
    assert_eq!(live.requests().len(), 0);
}

#[test]
fn a_node_that_comes_back_is_found_while_all_are_tried_again() {
    let node = Mock::start();
    let answer = |status| ResponseTemplate::new(status).set_body_string("[]");
    node.mount(Answer::given(any()).respond_with(answer(503)).up_to_n_times(2));
    node.mount(Answer::given(any()).respond_with(answer(200)));
    let reply = of(&[&nobody(), &node.server.uri()]).get(&["x"]).send().unwrap();
    assert!(reply.is_success());
    assert_eq!(node.requests().len(), 3);
}
