use crate::chdb_server;

/// Runs with the arguments; exit code and stderr.
fn refused(arguments: &[&str]) -> (Option<i32>, String) {
    let output = chdb_server().args(arguments).output().expect("runs");
    assert!(output.stdout.is_empty(), "stdout is for data");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn help_goes_to_stdout() {
    let output = chdb_server().arg("--help").output().expect("runs");
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains("Usage: chdb-server --config-file FILE"));
}

#[test]
fn nothing_at_all_is_a_usage_error() {
    let (code, message) = refused(&[]);
    assert_eq!(code, Some(2));
    assert!(
        message.starts_with("chdb-server: no configuration: --config-file FILE is required\nhint:"),
        "{message}"
    );
}

#[test]
fn a_missing_configuration_is_named() {
    let (code, message) = refused(&["--config-file", "/nowhere/config.xml", "--lib", "/nowhere/libchdb.so"]);
    assert_eq!(code, Some(2));
    assert!(message.starts_with("chdb-server: cannot read /nowhere/config.xml: No such file"), "{message}");
}

#[test]
fn a_missing_library_is_named_with_the_cure() {
    let (code, message) = refused(&["--config-file", "/etc/passwd", "--lib", "/nowhere/libchdb.so"]);
    assert_eq!(code, Some(2));
    assert_eq!(
        message,
        "chdb-server: no library at /nowhere/libchdb.so\nhint: scripts/native_fetch.sh fetches libchdb.so\n"
    );
}

#[test]
fn a_file_that_is_no_library_is_refused() {
    let (code, message) = refused(&["--config-file", "/etc/passwd", "--lib", "/etc/passwd"]);
    assert_eq!(code, Some(2));
    assert!(message.starts_with("chdb-server: cannot load /etc/passwd: "), "{message}");
}
