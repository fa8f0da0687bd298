//! Schemas on disk, for the time that the registry is down.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use kch_cli::{Exit, Explain as _, Settings};
use kch_registry::{Error, Registry, Version};
use kch_test::{HttpStub, RawServer};

use crate::at_once;

fn registry(url: &str, cache: &Path) -> Registry {
    let cache = cache.to_str().unwrap();
    let settings = Settings::from_pairs([("SCHEMA_REGISTRY_URL", url), ("KCH_SCHEMA_CACHE", cache)]);
    Registry::from_settings(&settings).unwrap().with_limits(at_once())
}

/// A registry with a schema that refers to another, by then gone: its address, and a folder with what it said.
fn gone() -> (String, tempfile::TempDir) {
    let cache = tempfile::tempdir().unwrap();
    let stub = HttpStub::start();
    let refers = r#"[{"name":"M","subject":"money/v","version":3}]"#;
    stub.reply("GET", "/schemas/ids/7", 200, &format!(r#"{{"schema":"\"M\"","references":{refers}}}"#));
    let money = r#"{"subject":"money/v","version":3,"id":4,"schema":"MONEY"}"#;
    stub.reply("GET", "/subjects/money%2Fv/versions/3", 200, money);
    let registry = registry(&stub.url(), cache.path());
    let schema = registry.schema_by_id(7).unwrap();
    assert_eq!(registry.resolved(&schema).unwrap(), ["MONEY"]);
    assert_eq!(registry.take_notice(), None);
    // wiremock keeps its address; nobody is at the one that the folder gets.
    let url = format!("http://{}", RawServer::nobody());
    let name = url.replace(':', "%3A").replace('/', "%2F").replace('.', "%2E");
    fs::rename(folder(cache.path()), cache.path().join(name)).unwrap();
    (url, cache)
}

/// The one registry's.
fn folder(cache: &Path) -> PathBuf {
    fs::read_dir(cache).unwrap().next().unwrap().unwrap().path()
}

#[test]
fn a_registry_that_is_down_is_read_from_disk_with_a_warning() {
    let (url, cache) = gone();
    let registry = registry(&url, cache.path());
    let schema = registry.schema_by_id(7).unwrap();
    assert_eq!(registry.resolved(&schema).unwrap(), ["MONEY"]);
    let notice = registry.take_notice().unwrap();
    assert!(notice.contains("cannot be reached: connection refused; schemas come from "), "{notice}");
    assert_eq!(registry.take_notice(), None, "it is given once");
    assert_eq!(registry.schema_by_id(8).unwrap_err().exit(), Exit::Unavailable);
    assert_eq!(registry.subject_version("money/v", Version::Latest).unwrap_err().exit(), Exit::Unavailable);
}

#[test]
fn a_registry_that_is_there_is_asked_and_believed() {
    let cache = tempfile::tempdir().unwrap();
    let stub = HttpStub::start();
    // A registry that is made anew at the same address gives old ids to new schemas.
    for text in ["old", "new"] {
        stub.reset().reply("GET", "/schemas/ids/7", 200, &format!(r#"{{"schema":"\"{text}\""}}"#));
        let schema = registry(&stub.url(), cache.path()).schema_by_id(7).unwrap();
        assert_eq!(schema.text, format!("\"{text}\""));
        let kept = fs::read_to_string(folder(cache.path()).join("ids/7.json")).unwrap();
        assert!(kept.contains(text), "{kept}");
    }
}

#[test]
fn an_id_of_another_context_is_not_taken_for_one_of_the_default_context() {
    let cache = tempfile::tempdir().unwrap();
    let stub = HttpStub::start();
    let eu = r#"{"subject":":.eu:s","version":1,"id":1,"schema":"EU"}"#;
    stub.reply("GET", "/subjects/:.eu:s/versions/1", 200, eu);
    stub.reply("GET", "/schemas/ids/1", 200, r#"{"schema":"OURS"}"#);
    let registry = registry(&stub.url(), cache.path());
    let read = registry.subject_version(":.eu:s", Version::Number(1)).unwrap();
    assert_eq!(read.schema.text, "EU");
    assert!(!folder(cache.path()).join("ids/1.json").exists(), "it is on disk as that version only");
    assert_eq!(registry.schema_by_id(1).unwrap().text, "OURS");
}

#[test]
fn that_an_id_is_unknown_is_not_kept() {
    let cache = tempfile::tempdir().unwrap();
    let stub = HttpStub::start();
    stub.reply("GET", "/schemas/ids/7", 404, r#"{"error_code":40403,"message":"no"}"#);
    let error = registry(&stub.url(), cache.path()).schema_by_id(7).unwrap_err();
    assert!(matches!(error, Error::SchemaNotFound { .. }), "{error}");
    assert_eq!(fs::read_dir(cache.path()).unwrap().count(), 0);
}

#[test]
fn a_disk_that_cannot_be_written_changes_nothing() {
    let cache = tempfile::tempdir().unwrap();
    let stub = HttpStub::start();
    stub.reply("GET", "/schemas/ids/7", 200, r#"{"schema":"\"long\""}"#);
    // A file where a folder should be refuses root too.
    let file = cache.path().join("file");
    fs::write(&file, "").unwrap();
    fs::set_permissions(cache.path(), fs::Permissions::from_mode(0o500)).unwrap();
    for folder in [file.as_path(), &cache.path().join("new"), Path::new("/proc/none")] {
        assert_eq!(registry(&stub.url(), folder).schema_by_id(7).unwrap().text, "\"long\"");
    }
    fs::set_permissions(cache.path(), fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn a_registry_in_trouble_is_as_one_that_is_down() {
    let cache = tempfile::tempdir().unwrap();
    let stub = HttpStub::start();
    stub.reply("GET", "/schemas/ids/7", 200, r#"{"schema":"\"long\""}"#);
    registry(&stub.url(), cache.path()).schema_by_id(7).unwrap();
    stub.reset();
    stub.reply("GET", "/schemas/ids/7", 500, r#"{"error_code":50001,"message":"store"}"#);
    let registry = registry(&stub.url(), cache.path());
    assert_eq!(registry.schema_by_id(7).unwrap().text, "\"long\"");
    assert!(registry.take_notice().unwrap().contains("answered 500"));
}
