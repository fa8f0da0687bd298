//! Registrations while others delete, on the live registry behind the front.

use std::thread;

use kch_test::live::{self, Service};

/// Each has its own schema: a text that several subjects have is not taken away with one of them.
fn comes_and_goes(times: u32) {
    let Some(stack) = live::need(&[Service::Registry]) else { return };
    let subject = stack.unique_subject("front-deletions");
    let path = format!("/subjects/{subject}");
    for time in 0..times {
        let name = format!("{}_{time}", subject.replace('-', "_"));
        let body = format!(r#"{{"schema":"{{\"type\":\"enum\",\"name\":\"{name}\",\"symbols\":[\"A\"]}}"}}"#);
        let (status, answer) = stack.registry("POST", &format!("{path}/versions"), Some(&body));
        assert_eq!(status, 200, "{name} is registered: {answer}");
        let (status, answer) = stack.registry("POST", &path, Some(&body));
        assert_eq!(status, 200, "{name} is there: {answer}");
        for query in ["", "?permanent=true"] {
            let (status, answer) = stack.registry("DELETE", &format!("{path}{query}"), None);
            assert_eq!(status, 200, "{name} is deleted: {answer}");
        }
    }
}

#[test]
fn what_is_registered_stays_when_others_delete_live() {
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| comes_and_goes(25));
        }
    });
}
