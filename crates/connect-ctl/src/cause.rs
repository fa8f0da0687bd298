//! The one line of a Java stack trace that says why.

/// The innermost cause that says something, on one line, its class without the package. Stack frames and what was
/// suppressed are left out.
pub(crate) fn root_cause(trace: &str) -> Option<String> {
    let mut causes: Vec<String> = Vec::new();
    let mut open = false;
    for line in trace.lines() {
        if let Some(cause) = line.strip_prefix("Caused by: ") {
            causes.push(cause.to_owned());
            open = true;
        } else if causes.is_empty() && !line.starts_with('\t') {
            causes.push(line.to_owned());
            open = true;
        } else if line.starts_with('\t') {
            open = false;
        } else if open && let Some(cause) = causes.last_mut() {
            // A message of several lines.
            cause.push(' ');
            cause.push_str(line.trim());
        }
    }
    let telling = causes.iter().rev().find(|cause| cause.contains(": ")).or(causes.last())?;
    let class = telling.split(':').next().unwrap_or_default();
    let is_class = class.contains('.') && !class.contains(' ');
    let text = match (is_class, class.rfind('.')) {
        (true, Some(dot)) => &telling[dot + 1..],
        _ => telling.as_str(),
    };
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_cause_is_found() {
        let trace = "org.apache.kafka.connect.errors.ConnectException: Exiting WorkerSinkTask due to unrecoverable exception.\n\
            \tat org.apache.kafka.connect.runtime.WorkerSinkTask.deliver(WorkerSinkTask.java:635)\n\
            \tSuppressed: java.lang.Exception: not this\n\
            \t\tat x.Y.z(Y.java:1)\n\
            \tCaused by: java.lang.Exception: nor this\n\
            Caused by: java.lang.RuntimeException: Code: 60. DB::Exception:\n\
            Table default.nope does not exist\n\
            \tat com.clickhouse.X.y(X.java:2)\n\
            \t... 10 more\n";
        assert_eq!(
            root_cause(trace).unwrap(),
            "RuntimeException: Code: 60. DB::Exception: Table default.nope does not exist"
        );
    }

    #[test]
    fn a_cause_without_a_message_gives_way_to_the_one_around_it() {
        let trace = "a.B: cannot read config\n\tat x\nCaused by: java.lang.NullPointerException\n\tat y\n";
        assert_eq!(root_cause(trace).unwrap(), "B: cannot read config");
        assert_eq!(root_cause("java.lang.NullPointerException\n\tat y").unwrap(), "NullPointerException");
        assert_eq!(root_cause(""), None);
    }
}
