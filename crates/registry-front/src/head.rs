//! A request's head: what is sent on in place of what came. Pure, no I/O.

/// What to do with a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Send this to the registry.
    Pass(Passage),
    /// The registry has no answer to this; give this JSON, with the status.
    Answer(&'static str, &'static str),
}

/// A request for the registry.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Passage {
    /// What to send in place of the head.
    pub(crate) head: Vec<u8>,
    /// How long the body is that follows the head as it is, in bytes.
    pub(crate) body: usize,
    /// Whether the client waits for a word before it sends the body.
    pub(crate) expects: bool,
    pub(crate) company: Company,
}

/// Which other requests may be under way at the same time.
///
/// Apicurio stores a schema's text first and its version second. At each deletion it takes away the texts that no
/// version has: one of the first kind in between, and what was registered is gone for good, though the answer was 200.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Company {
    /// Changes nothing.
    Any,
    /// May change something: any but a deletion.
    NoDeletion,
    /// A deletion: none that may change something.
    NoChange,
}

/// Far more than a schema has.
const LARGEST_BODY: usize = 16 << 20;

const MALFORMED: Decision =
    Decision::Answer("400 Bad Request", "{\"error_code\":400,\"message\":\"Not an HTTP/1.1 request\"}");
const NO_LENGTH: Decision = Decision::Answer(
    "411 Length Required",
    "{\"error_code\":411,\"message\":\"Only a body with a Content-Length is taken\"}",
);
const TOO_LARGE: Decision = Decision::Answer(
    "413 Content Too Large",
    "{\"error_code\":413,\"message\":\"The body is larger than 16 MiB\"}",
);

/// Where the head ends: the place after its empty line.
pub(crate) fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

/// Decides over a complete head.
pub(crate) fn decide(head: &[u8], prefix: &str) -> Decision {
    let Ok(text) = std::str::from_utf8(head) else { return MALFORMED };
    let mut lines = text.trim_end_matches("\r\n").split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return MALFORMED;
    };
    if !target.starts_with('/') || !version.starts_with("HTTP/1.") {
        return MALFORMED;
    }
    let path = target.split('?').next().unwrap_or_default();
    match (method, path) {
        ("GET" | "HEAD", "/") => return Decision::Answer("200 OK", "{}"),
        ("GET", mode) if mode == "/mode" || mode.starts_with("/mode/") => {
            return Decision::Answer("200 OK", "{\"mode\":\"READWRITE\"}");
        }
        _ => {}
    }
    let prefix = if goes_through(path) { "" } else { prefix };
    let mut out = format!("{method} {prefix}{target} HTTP/1.1\r\n");
    let (mut body, mut expects) = (0, false);
    for header in lines {
        let (name, value) = header.split_once(':').unwrap_or((header, ""));
        match name.to_ascii_lowercase().as_str() {
            "content-length" => match value.trim().parse() {
                Ok(length) if length <= LARGEST_BODY => body = length,
                Ok(_) => return TOO_LARGE,
                Err(_) => return MALFORMED,
            },
            // No client of a registry sends a body whose length it does not know.
            "transfer-encoding" => return NO_LENGTH,
            "expect" => {
                expects = true;
                continue;
            }
            // About the client's connection: the registry's has its own.
            "connection" | "keep-alive" | "proxy-connection" | "upgrade" | "http2-settings" => continue,
            _ => {}
        }
        out.push_str(header);
        out.push_str("\r\n");
    }
    out.push_str("Connection: close\r\n\r\n");
    let company = match method {
        "GET" | "HEAD" | "OPTIONS" => Company::Any,
        "DELETE" => Company::NoChange,
        _ => Company::NoDeletion,
    };
    Decision::Pass(Passage { head: out.into_bytes(), body, expects, company })
}

/// The registry's own paths, which Confluent's API does not have.
fn goes_through(path: &str) -> bool {
    path.starts_with("/apis/")
        || ["/health", "/ui", "/apis"]
            .iter()
            .any(|own| path.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PREFIX: &str = "/apis/ccompat/v7";

    fn passage(request: &str) -> Passage {
        match decide(request.as_bytes(), PREFIX) {
            Decision::Pass(passage) => passage,
            Decision::Answer(status, _) => panic!("answered {status}"),
        }
    }

    fn passed(request: &str) -> String {
        String::from_utf8(passage(request).head).expect("text")
    }

    #[test]
    fn puts_the_prefix_before_the_path_and_keeps_the_query() {
        assert_eq!(
            passed("GET /subjects?deleted=true HTTP/1.1\r\nHost: a:1\r\nAccept: */*\r\n\r\n"),
            "GET /apis/ccompat/v7/subjects?deleted=true HTTP/1.1\r\nHost: a:1\r\nAccept: */*\r\nConnection: close\r\n\r\n"
        );
    }

    #[test]
    fn leaves_the_registrys_own_paths_alone() {
        for path in
            ["/apis/registry/v2/system/info", "/health/ready", "/health", "/ui/", "/apis/ccompat/v7/subjects"]
        {
            assert!(
                passed(&format!("GET {path} HTTP/1.1\r\n\r\n")).starts_with(&format!("GET {path} HTTP")),
                "{path}"
            );
        }
        assert!(passed("GET /healthy HTTP/1.1\r\n\r\n").starts_with("GET /apis/ccompat/v7/healthy "));
    }

    #[test]
    fn replaces_the_connections_headers() {
        let head = passed(
            "POST /x HTTP/1.1\r\nconnection: keep-alive\r\nKeep-Alive: 5\r\nContent-Length: 2\r\n\r\n",
        );
        assert_eq!(
            head,
            "POST /apis/ccompat/v7/x HTTP/1.1\r\nContent-Length: 2\r\nConnection: close\r\n\r\n"
        );
    }

    #[test]
    fn keeps_deletions_and_other_changes_apart() {
        for (method, company) in [
            ("GET", Company::Any),
            ("POST", Company::NoDeletion),
            ("PUT", Company::NoDeletion),
            ("DELETE", Company::NoChange),
        ] {
            assert_eq!(
                passage(&format!("{method} /subjects/a HTTP/1.1\r\n\r\n")).company,
                company,
                "{method}"
            );
        }
    }

    #[test]
    fn knows_how_long_the_body_is_or_refuses_it() {
        let found = passage("POST /x HTTP/1.1\r\ncontent-length: 12\r\nExpect: 100-continue\r\n\r\n");
        assert_eq!((found.body, found.expects), (12, true));
        assert!(!String::from_utf8(found.head).expect("text").contains("Expect"));
        let status =
            |header: &str| match decide(format!("POST /x HTTP/1.1\r\n{header}\r\n\r\n").as_bytes(), PREFIX) {
                Decision::Answer(status, _) => status,
                Decision::Pass(_) => "passed",
            };
        assert_eq!(status("Transfer-Encoding: chunked"), "411 Length Required");
        assert_eq!(status("Content-Length: 99999999"), "413 Content Too Large");
        assert_eq!(status("Content-Length: -1"), "400 Bad Request");
    }

    #[test]
    fn answers_what_the_registry_lacks() {
        assert_eq!(
            decide(b"GET /mode HTTP/1.1\r\n\r\n", PREFIX),
            Decision::Answer("200 OK", "{\"mode\":\"READWRITE\"}")
        );
        assert_eq!(decide(b"GET / HTTP/1.1\r\n\r\n", PREFIX), Decision::Answer("200 OK", "{}"));
        assert!(passed("PUT /mode HTTP/1.1\r\n\r\n").starts_with("PUT /apis/ccompat/v7/mode "));
    }

    #[test]
    fn refuses_what_is_not_http() {
        for request in
            ["\u{16}\u{3}\r\n\r\n", "GET\r\n\r\n", "GET http://a/ HTTP/1.1\r\n\r\n", "GET / HTTP/2\r\n\r\n"]
        {
            assert!(
                matches!(decide(request.as_bytes(), PREFIX), Decision::Answer("400 Bad Request", _)),
                "{request:?}"
            );
        }
    }

    #[test]
    fn finds_the_end_of_a_head() {
        assert_eq!(end_of_head(b"GET / HTTP/1.1\r\n\r\nbody"), Some(18));
        assert_eq!(end_of_head(b"GET / HTTP/1.1\r\n"), None);
    }
}
