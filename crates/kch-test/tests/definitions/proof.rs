//! Every verb of the four tools that ask and change servers is proved: by a test against the native stack that asks the
//! server past our tools, and by examples that a test runs. A new verb has a line here, or this fails.

use std::path::PathBuf;

use super::{Page, pages};

/// The verb, and its test: the file below the tool's `tests/it`, and the function.
const PROOFS: &[(&str, &str)] = &[
    ("ch-query", "live::inserts_from_stdin_and_shows_the_latest_rows_live"),
    ("ch-query check", "checks::a_table_is_compared_with_a_schema_field_by_field_live"),
    ("ch-query describe", "queries::tables_and_columns_are_rows_live"),
    ("ch-query insert", "loads::a_load_with_a_name_adds_nothing_twice_live"),
    ("ch-query tables", "queries::tables_and_columns_are_rows_live"),
    ("connect-ctl apply", "live::a_connector_lives_fails_and_is_cured_live"),
    ("connect-ctl clone", "live_edits::a_clone_runs_beside_the_first_live"),
    ("connect-ctl delete", "live::a_connector_lives_fails_and_is_cured_live"),
    ("connect-ctl diff", "live::a_connector_lives_fails_and_is_cured_live"),
    ("connect-ctl dlq", "live_dlq::dead_letters_are_mended_and_sent_back_live"),
    ("connect-ctl export", "live::an_export_is_applied_back_and_makes_the_same_connector_live"),
    ("connect-ctl get", "live::what_the_worker_has_is_what_is_read_live"),
    ("connect-ctl info", "live::what_the_worker_has_is_what_is_read_live"),
    ("connect-ctl lag", "live_offsets::a_sink_catches_up_and_reads_again_from_where_it_is_set_live"),
    ("connect-ctl list", "live::what_the_worker_has_is_what_is_read_live"),
    ("connect-ctl loggers get", "live::a_loggers_level_is_changed_and_put_back_live"),
    ("connect-ctl loggers set", "live::a_loggers_level_is_changed_and_put_back_live"),
    ("connect-ctl offsets get", "live_offsets::a_sources_offsets_go_round_live"),
    (
        "connect-ctl offsets reset",
        "live_offsets::a_sink_catches_up_and_reads_again_from_where_it_is_set_live",
    ),
    ("connect-ctl offsets set", "live_offsets::a_sources_offsets_go_round_live"),
    ("connect-ctl patch", "live_edits::settings_are_changed_in_place_and_the_rest_stays_live"),
    ("connect-ctl pause", "live::connectors_are_paused_stopped_and_resumed_together_live"),
    ("connect-ctl plugin", "live::classes_and_their_settings_are_shown_and_a_template_runs_live"),
    ("connect-ctl plugins", "live::what_the_worker_has_is_what_is_read_live"),
    ("connect-ctl restart", "live::a_connector_lives_fails_and_is_cured_live"),
    ("connect-ctl resume", "live::connectors_are_paused_stopped_and_resumed_together_live"),
    ("connect-ctl status", "live::what_the_worker_has_is_what_is_read_live"),
    ("connect-ctl stop", "live::connectors_are_paused_stopped_and_resumed_together_live"),
    ("connect-ctl tasks", "live::classes_and_their_settings_are_shown_and_a_template_runs_live"),
    ("connect-ctl template", "live::classes_and_their_settings_are_shown_and_a_template_runs_live"),
    ("connect-ctl topics", "live_offsets::a_sink_catches_up_and_reads_again_from_where_it_is_set_live"),
    ("connect-ctl validate", "live::a_wrong_configuration_is_explained_live"),
    ("connect-ctl wait", "live::a_connector_lives_fails_and_is_cured_live"),
    ("connect-ctl watch", "live::a_watch_sees_a_connector_come_fail_and_go_live"),
    ("sr apply", "apply::a_folder_is_applied_live"),
    ("sr canonical", "canonical::a_registered_schema_has_the_form_of_its_file_live"),
    ("sr check", "live::a_subject_lives_and_dies_live"),
    ("sr compat delete", "readers_live::a_subjects_level_is_shown_set_and_deleted_live"),
    ("sr compat get", "readers_live::a_subjects_level_is_shown_set_and_deleted_live"),
    ("sr compat set", "readers_live::a_subjects_level_is_shown_set_and_deleted_live"),
    ("sr contexts delete", "contexts::the_live_registry_lists_its_contexts_and_deletes_none_live"),
    ("sr contexts list", "contexts::the_live_registry_lists_its_contexts_and_deletes_none_live"),
    ("sr copy", "moving::export_and_import_under_new_ids_live"),
    ("sr ddl", "subjects_live::a_subject_with_references_is_looked_at_from_all_sides_live"),
    ("sr decode", "subjects_live::a_subject_with_references_is_looked_at_from_all_sides_live"),
    ("sr delete", "live::a_subject_lives_and_dies_live"),
    ("sr diff", "subjects_live::a_subject_with_references_is_looked_at_from_all_sides_live"),
    ("sr doctor", "doctor::the_registry_is_well_and_is_left_as_it_was_live"),
    ("sr export", "readers_live::what_the_registry_has_is_what_is_read_live"),
    ("sr get", "readers_live::what_the_registry_has_is_what_is_read_live"),
    ("sr id", "readers_live::what_the_registry_has_is_what_is_read_live"),
    ("sr import", "moving::export_and_import_under_new_ids_live"),
    ("sr infer", "fits_live::a_draft_from_lines_becomes_a_table_that_has_them_live"),
    ("sr jsonschema", "subjects_live::a_subject_with_references_is_looked_at_from_all_sides_live"),
    ("sr lint", "subjects_live::a_subject_with_references_is_looked_at_from_all_sides_live"),
    ("sr lookup", "readers_live::what_the_registry_has_is_what_is_read_live"),
    ("sr mode delete", "modes::the_live_registry_has_a_mode_to_show_and_none_to_set_live"),
    ("sr mode get", "modes::the_live_registry_has_a_mode_to_show_and_none_to_set_live"),
    ("sr mode set", "modes::the_live_registry_has_a_mode_to_show_and_none_to_set_live"),
    ("sr refs", "references::references_are_found_beside_the_file_and_registered_first_live"),
    ("sr register", "live::a_subject_lives_and_dies_live"),
    ("sr sample", "subjects_live::a_subject_with_references_is_looked_at_from_all_sides_live"),
    ("sr subjects", "readers_live::what_the_registry_has_is_what_is_read_live"),
    ("sr undelete", "undelete::what_was_softly_deleted_comes_back_with_its_id_live"),
    ("sr versions", "readers_live::what_the_registry_has_is_what_is_read_live"),
    ("sr wait", "readers_live::what_the_registry_has_is_what_is_read_live"),
    ("sr who", "who::a_field_is_found_with_its_subject_and_version_live"),
    ("topic-ctl alter", "alter::partitions_and_settings_are_changed_once_live"),
    ("topic-ctl brokers", "brokers::brokers_are_those_that_the_cluster_has_live"),
    ("topic-ctl check", "check::a_topic_that_can_be_written_to_is_well_live"),
    ("topic-ctl configs", "configs::a_topics_settings_are_shown_with_their_sources_set_and_unset_live"),
    ("topic-ctl create", "live::a_topic_is_created_described_listed_and_deleted_live"),
    ("topic-ctl delete", "live::a_topic_is_created_described_listed_and_deleted_live"),
    ("topic-ctl describe", "live::a_topic_is_created_described_listed_and_deleted_live"),
    ("topic-ctl groups delete", "groups::groups_are_deleted_by_name_and_a_slip_is_named_live"),
    ("topic-ctl groups describe", "groups::a_group_with_members_is_shown_and_left_alone_live"),
    ("topic-ctl groups list", "groups::a_group_with_members_is_shown_and_left_alone_live"),
    ("topic-ctl lag", "groups::a_group_is_set_to_every_kind_of_place_live"),
    ("topic-ctl list", "live::a_topic_is_created_described_listed_and_deleted_live"),
    ("topic-ctl offsets", "groups::offsets_of_both_ends_and_of_a_place_live"),
    ("topic-ctl partition", "key::a_key_is_looked_up_where_a_producer_put_it_live"),
    ("topic-ctl reset-offsets", "groups::a_group_is_set_to_every_kind_of_place_live"),
    ("topic-ctl trim", "trim::records_before_a_place_are_deleted_live"),
];

/// Real failures, made on purpose: what fails, the tool, and the test.
const FAILURES: &[(&str, &str, &str)] = &[
    (
        "a connector whose file cannot be opened",
        "connect-ctl",
        "live::a_connector_lives_fails_and_is_cured_live",
    ),
    ("rebalances during apply", "connect-ctl", "live::many_applies_at_once_get_through_the_rebalances_live"),
    ("a worker that is not up yet", "connect-ctl", "waiting::a_worker_that_is_not_up_yet_is_waited_for"),
    ("a registry in READONLY", "sr", "modes::a_registry_that_is_read_only_says_so_with_the_cure"),
    ("an incompatible schema", "sr", "live::a_subject_lives_and_dies_live"),
    (
        "a bad row in the middle of 100,000",
        "ch-query",
        "loads::one_bad_row_in_the_middle_of_100000_is_kept_and_all_others_are_in_live",
    ),
    (
        "a query killed on the server",
        "ch-query",
        "queries::a_query_that_is_killed_on_the_server_has_failed_live",
    ),
    (
        "an exception after 1 GB",
        "ch-query",
        "queries::an_error_behind_a_gigabyte_of_rows_is_found_in_flat_memory_live",
    ),
    ("wrong credentials", "sr", "failures::wrong_credentials_are_exit_2_and_name_the_variables"),
    ("wrong credentials", "connect-ctl", "states::wrong_credentials_are_exit_2_and_are_never_shown"),
    ("wrong credentials", "ch-query", "live::refused_credentials_and_a_wrong_port_differ_live"),
    ("wrong credentials", "topic-ctl", "failures::a_wrong_password_names_the_user_and_where_it_is_from_live"),
    (
        "an unknown authority",
        "sr",
        "failures::a_certificate_of_an_unknown_authority_is_refused_until_it_is_named",
    ),
    (
        "an unknown authority",
        "connect-ctl",
        "states::a_certificate_of_an_unknown_authority_is_refused_until_it_is_named",
    ),
    (
        "an unknown authority",
        "ch-query",
        "tls::a_certificate_of_an_unknown_authority_is_refused_until_it_is_named",
    ),
    ("an unknown authority", "topic-ctl", "failures::a_broker_whose_authority_is_unknown_is_refused"),
];

/// What in a test asks a server, or fills it, past our tools.
const ASKS: &[&str] = &[
    "stack.registry(",
    "stack.connect(",
    "stack.clickhouse(",
    "fill_from_avro(&stack",
    "live.ask(",
    "live.state(",
    "desk.committed(",
    "desk.partitions(",
    "desk.settings(",
    "desk.fill(",
    "desk.admin(",
    "desk.consumer(",
];

/// The verbs, and `ch-query`, which has SQL for one.
fn verbs() -> Vec<Page> {
    let proved = |page: &Page| !page.name.starts_with("avro-") && !page.command.has_subcommands();
    pages().into_iter().filter(|page| proved(page) || page.name == "ch-query").collect()
}

/// A file of the tests of a verb's tool; empty when there is none.
fn tests(verb: &str, file: &str) -> String {
    let tool = verb.split(' ').next().unwrap_or_default();
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../{tool}/tests/it/{file}.rs"));
    std::fs::read_to_string(path).unwrap_or_default()
}

#[test]
fn every_verb_has_a_live_test_that_asks_the_server() {
    let mut wrong = Vec::new();
    for page in verbs() {
        let Some((verb, test)) = PROOFS.iter().find(|(verb, _)| *verb == page.name) else {
            wrong.push(format!("{}: no test is named", page.name));
            continue;
        };
        let (file, function) = test.split_once("::").unwrap_or_default();
        let source = tests(verb, file);
        let body = source.split_once(&format!("\nfn {function}()")).map(|(_, rest)| rest).unwrap_or_default();
        let body = body.split_once("\n}\n").map_or(body, |(body, _)| body);
        if !test.ends_with("_live") || !source.contains(&format!("#[test]\nfn {function}()")) {
            wrong.push(format!("{verb}: there is no live test {test}"));
        } else if let Some(word) = verb.split(' ').skip(1).find(|word| !body.contains(&format!("\"{word}\"")))
        {
            wrong.push(format!("{verb}: {test} has no \"{word}\""));
        } else if !ASKS.iter().any(|asks| body.contains(asks)) {
            wrong.push(format!("{verb}: {test} asks no server"));
        }
    }
    let gone = PROOFS.iter().filter(|(verb, _)| verbs().iter().all(|page| page.name != *verb));
    wrong.extend(gone.map(|(verb, _)| format!("{verb}: there is no such verb")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_real_failure_is_made_by_a_test() {
    let is_made = |tool: &str, test: &str| {
        let (file, function) = test.split_once("::").unwrap_or_default();
        tests(tool, file).contains(&format!("#[test]\nfn {function}()"))
    };
    for (what, tool, test) in FAILURES {
        assert!(is_made(tool, test), "{what}: {tool} has no test {test}");
    }
}

/// That there are examples is tested beside this; here, that their page is one of those whose examples a test runs.
#[test]
fn the_examples_of_every_page_are_run() {
    let all = pages();
    let is_run = |page: &Page| {
        let (tool, words) = page.name.split_once(' ').unwrap_or((&page.name, ""));
        let source = tests(tool, "help") + &tests(tool, "examples");
        let run = pages_run(&source);
        let above = page.name.rsplit_once(' ').map(|(above, _)| above).unwrap_or_default();
        let is_same = |other: &&Page| {
            other.name == above
                && other.command.get_after_help().map(ToString::to_string)
                    == page.command.get_after_help().map(ToString::to_string)
        };
        // A verb may have the examples of the one above it.
        let above = all.iter().find(is_same).and_then(|other| other.name.split_once(' '));
        words.is_empty() || run.contains(&words) || above.is_some_and(|(_, words)| run.contains(&words))
    };
    let not: Vec<String> = all.iter().filter(|page| !is_run(page)).map(|page| page.name.clone()).collect();
    assert!(not.is_empty(), "no test runs the examples of {not:?}");
}

/// How the lists of pages begin and end in the tests that run examples.
const LISTS: &[(&str, &str)] = &[
    ("\nconst VERBS:", "];"),
    ("\nconst READING:", "];"),
    ("\nconst CHANGING:", "];"),
    ("for verb in [", "] {"),
    (".chain(&[", "])"),
];

/// The pages in the lists of a test's source; what else stands in quotes there is none.
fn pages_run(source: &str) -> Vec<&str> {
    let list = |(begin, end): &(&str, &str)| Some(source.split_once(begin)?.1.split_once(end)?.0);
    LISTS.iter().filter_map(list).flat_map(|list| list.split('"').skip(1).step_by(2)).collect()
}

#[test]
fn only_what_stands_in_a_list_is_run() {
    let source = r#"
const VERBS: [&str; 2] = ["", "groups list"];
fn f() {
    run(&["delete", "x"]);
    for verb in [&["insert"][..], &["tables"]] { run(&["check"]) }
    VERBS.iter().chain(&["watch"]).filter(|page| page != "lag")
}"#;
    assert_eq!(pages_run(source), ["", "groups list", "insert", "tables", "watch"]);
    assert!(pages_run(r#"assert_eq!(page, "delete");"#).is_empty());
}
