//! The one line of a Java stack trace that says why.

/// What is said around or in a cause, and what it means: of JSON's converter and of the ClickHouse sink, whose own words are
/// not enough to go on.
const MEANINGS: [(&str, &str); 3] = [
    (
        "Converting byte[] to Kafka Connect data failed",
        "the record is not the JSON that its converter expects",
    ),
    (
        "Connection to ClickHouse is not active",
        "it does not answer, refuses the user or the password, or has no table that the user may see",
    ),
    (
        "Data schema validation failed",
        "columns and fields do not fit: ch-query check TABLE SUBJECT --route sink says which",
    ),
];

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
    // Java's word for a failed cast names two classes; who tried it, around it, names the field.
    if let [.., around, innermost] = &causes[..]
        && innermost.starts_with("java.lang.ClassCastException")
        && around.contains("DataException: ")
    {
        causes.pop();
    }
    let telling = causes.iter().rev().find(|cause| cause.contains(": ")).or(causes.last())?;
    let class = telling.split(':').next().unwrap_or_default();
    let is_class = class.contains('.') && !class.contains(' ');
    let text = match (is_class, class.rfind('.')) {
        (true, Some(dot)) => &telling[dot + 1..],
        _ => telling.as_str(),
    };
    let said = |part: &str| causes.iter().any(|cause| cause.contains(part));
    match MEANINGS.iter().find(|(part, _)| said(part)) {
        Some((_, meaning)) => Some(format!("{text} ({meaning})")),
        None => (!text.is_empty()).then(|| text.to_owned()),
    }
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

    /// Traces of the real sink and converter, without their frames.
    #[test]
    fn a_cause_that_says_too_little_is_explained() {
        let cast = "org.apache.kafka.connect.errors.ConnectException: Exiting WorkerSinkTask due to unrecoverable exception.\n\
            Caused by: java.lang.RuntimeException: Topic: [t], Partition: [0]\n\
            Caused by: org.apache.kafka.connect.errors.DataException: Failed to write column `id`: cannot convert INT64\n\
            Caused by: java.lang.ClassCastException: class java.lang.Long cannot be cast to class java.lang.Integer\n";
        assert_eq!(
            root_cause(cast).unwrap(),
            "DataException: Failed to write column `id`: cannot convert INT64"
        );
        let json = "org.apache.kafka.connect.errors.ConnectException: Tolerance exceeded in error handler\n\
            Caused by: org.apache.kafka.connect.errors.DataException: Converting byte[] to Kafka Connect data failed due to \
            serialization error: \n\
            Caused by: java.io.CharConversionException: Invalid UTF-32 character 0x5601046e\n";
        assert_eq!(
            root_cause(json).unwrap(),
            "CharConversionException: Invalid UTF-32 character 0x5601046e (the record is not the JSON that its converter \
             expects)"
        );
        assert_eq!(
            root_cause("java.lang.RuntimeException: Connection to ClickHouse is not active.\n\tat x")
                .unwrap(),
            "RuntimeException: Connection to ClickHouse is not active. (it does not answer, refuses the user or the \
             password, or has no table that the user may see)"
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
