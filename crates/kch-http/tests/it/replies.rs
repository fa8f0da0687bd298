//! Statuses and bodies: what is retried, and what each becomes in words.

use kch_cli::{Exit, Explain as _};
use wiremock::matchers::{any, header, method, path};
use wiremock::{Mock as Answer, ResponseTemplate};

use crate::{Mock, service, service_with};

fn template(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status)
}

#[test]
fn waits_as_long_as_a_429_asks_and_then_succeeds() {
    let mock = Mock::start();
    let busy = template(429).insert_header("retry-after", "1");
    mock.mount(Answer::given(any()).respond_with(busy).up_to_n_times(1));
    mock.mount(Answer::given(any()).respond_with(template(200).set_body_json(["a"])));
    let begun = std::time::Instant::now();
    let reply = mock.service().get(&["subjects"]).send().unwrap();
    assert_eq!(reply.json::<Vec<String>>().unwrap(), ["a"]);
    assert!(begun.elapsed().as_millis() >= 1000);
    assert!(!reply.retried, "a 429 had no effect");
}

#[test]
fn a_429_that_asks_for_too_long_a_wait_is_an_error_at_once() {
    let mock = Mock::start();
    let busy = template(429).insert_header("retry-after", "3600").set_body_string("slow down");
    mock.mount(Answer::given(any()).respond_with(busy));
    let error = mock.service().get(&["subjects"]).send().unwrap_err();
    assert!(error.to_string().ends_with("answered 429: slow down (try again in 3600 s)"), "{error}");
    assert_eq!(error.exit(), Exit::Unavailable);
    assert_eq!(mock.requests().len(), 1);
}

#[test]
fn tries_again_after_503s() {
    let mock = Mock::start();
    mock.mount(Answer::given(any()).respond_with(template(503)).up_to_n_times(3));
    mock.mount(Answer::given(any()).respond_with(template(200).set_body_string("{}")));
    let service = mock.service();
    assert!(service.post(&["x"]).json(&1).send().unwrap().is_success());
    assert_eq!(mock.requests().len(), 4);
}

/// What a DELETE learns that meets these statuses, one after the other.
fn deleted(statuses: &[u16]) -> kch_http::Reply {
    let mock = Mock::start();
    for status in statuses {
        let answer = template(*status).set_body_string("{}");
        mock.mount(Answer::given(any()).respond_with(answer).up_to_n_times(1));
    }
    mock.service().delete(&["x"]).send().unwrap()
}

#[test]
fn a_404_means_that_the_first_try_did_it_only_if_it_may_have() {
    for (before, may_have) in [(503, false), (429, false), (502, true), (504, true)] {
        let reply = deleted(&[before, 404]);
        assert_eq!((reply.status, reply.retried), (404, may_have), "after a {before}");
    }
    assert!(deleted(&[504, 503, 404]).retried);
    assert!(!deleted(&[404]).retried);
}

#[test]
fn a_service_that_stays_away_is_unavailable() {
    let mock = Mock::start();
    mock.mount(Answer::given(any()).respond_with(template(503).set_body_string("<h1>No server</h1>")));
    let error = mock.service().get(&["x"]).send().unwrap_err();
    assert_eq!(error.exit(), Exit::Unavailable);
    assert!(error.to_string().ends_with("answered 503"), "{error}");
}

#[test]
fn a_post_that_may_have_arrived_is_not_repeated_unless_it_may() {
    let mock = Mock::start();
    mock.mount(Answer::given(any()).respond_with(template(502)).up_to_n_times(2));
    mock.mount(Answer::given(any()).respond_with(template(200).set_body_string("{}")));
    let service = mock.service();
    assert_eq!(service.post(&["x"]).send().unwrap().status, 502);
    assert_eq!(mock.requests().len(), 1);
    let reply = service.post(&["x"]).repeatable().send().unwrap();
    assert!(reply.is_success() && reply.retried);
}

#[test]
fn credentials_are_sent_and_their_rejection_names_the_variables() {
    let mock = Mock::start();
    mock.mount(
        Answer::given(header("authorization", "Basic dTpw"))
            .respond_with(template(200).set_body_string("[]")),
    );
    mock.mount(Answer::given(any()).respond_with(template(401).set_body_string("<html>hunter2 401</html>")));
    let uri = mock.server.uri();
    let right = uri.replace("http://", "http://u:p@");
    assert!(service(&right).get(&["subjects"]).send().unwrap().is_success());

    let wrong = service_with(&[("SCHEMA_REGISTRY_URL", &uri), ("SCHEMA_REGISTRY_TOKEN", "hunter2")]);
    let error = wrong.get(&["subjects"]).send().unwrap_err();
    assert_eq!(error.to_string(), format!("schema registry at {uri} rejected the credentials"));
    assert_eq!(error.exit(), Exit::Usage);
    assert_eq!(
        error.hint().unwrap(),
        "set SCHEMA_REGISTRY_USERNAME and SCHEMA_REGISTRY_PASSWORD, or SCHEMA_REGISTRY_TOKEN, in .env or the environment"
    );

    let none = service(&uri).get(&["subjects"]).send().unwrap_err();
    assert_eq!(none.to_string(), format!("schema registry at {uri} wants credentials"));
}

#[test]
fn a_403_page_is_not_allowed() {
    let mock = Mock::start();
    let page = "<html><title>403 Forbidden</title></html>";
    mock.mount(Answer::given(any()).respond_with(template(403).set_body_string(page)));
    let error = mock.service().get(&["subjects"]).send().unwrap_err();
    assert!(error.to_string().ends_with("does not allow this: \"403 Forbidden\""), "{error}");
    assert_eq!(error.exit(), Exit::Usage);
}

#[test]
fn html_where_json_was_expected_is_a_wrong_address() {
    let mock = Mock::start();
    mock.mount(Answer::given(any()).respond_with(template(200).set_body_string("<html>Welcome</html>")));
    let error = mock.service().get(&["subjects"]).send().unwrap_err();
    assert!(error.to_string().ends_with("answered 200 with HTML, not JSON"), "{error}");
    assert!(error.hint().unwrap().contains("really the address of the schema registry?"));
    assert_eq!(error.exit(), Exit::Usage);
}

#[test]
fn garbage_for_json_is_shown_shortened() {
    let mock = Mock::start();
    mock.mount(Answer::given(any()).respond_with(template(200).set_body_string(r#"{"a": [1, "#)));
    let error = mock.service().get(&["subjects"]).send().unwrap_err();
    assert!(error.to_string().ends_with(r#"with broken JSON: {"a": [1,"#), "{error}");
}

#[test]
fn a_redirect_is_reported_and_not_followed() {
    let mock = Mock::start();
    let away = template(302).insert_header("location", "http://user:hunter2@elsewhere/login");
    mock.mount(Answer::given(any()).respond_with(away));
    let error = mock.service().get(&["subjects"]).send().unwrap_err();
    assert!(error.to_string().ends_with("a redirect to http://user:********@elsewhere/login"), "{error}");
    assert_eq!(error.exit(), Exit::Usage);
}

#[test]
fn a_base_url_with_path_and_slash_works() {
    let mock = Mock::start();
    mock.mount(
        Answer::given(method("GET"))
            .and(path("/apis/ccompat/v7/subjects"))
            .respond_with(template(200).set_body_string("[]")),
    );
    let service = service(&format!("{}/apis/ccompat/v7/", mock.server.uri()));
    assert!(service.get(&["subjects"]).send().unwrap().is_success());
    let reply = service.get(&["subjects", "a/b:c d"]).query("deleted", "true").send().unwrap();
    assert_eq!(reply.status, 404);
    let url = mock.requests().pop().unwrap().url;
    assert_eq!(url.path(), "/apis/ccompat/v7/subjects/a%2Fb:c%20d");
    assert_eq!(url.query(), Some("deleted=true"));
}
