//! What users of other tools type is refused with a word that leads on: to flags and verbs that there are.

use std::collections::BTreeSet;

use clap::{Command, CommandFactory as _};
use kch_cli::Habit;

fn tools() -> [(Command, Habit); 6] {
    [
        (avro_produce::Args::command(), avro_produce::habit),
        (avro_consume::Args::command(), avro_consume::habit),
        (sr::Args::command(), sr::habit),
        (connect_ctl::Args::command(), connect_ctl::habit),
        (ch_query::Args::command(), ch_query::habit),
        (topic_ctl::Args::command(), topic_ctl::habit),
    ]
}

/// Lines of other tools, with ours in front, and what the hint has in it.
const TYPED: &[(&str, &str)] = &[
    ("avro-consume -C -t t", "leave -C out"),
    ("avro-consume -t t -K: -e", "--envelope"),
    ("avro-consume -t t -J", "jq -r"),
    ("avro-consume -t t -f %k:%s\\n", "jq -r"),
    ("avro-consume -L", "topic-ctl list"),
    ("avro-consume -Q -t t:0:-1", "topic-ctl offsets"),
    ("avro-consume -G g t", "-g GROUP"),
    ("avro-consume -t t -q -u", "--no-progress"),
    ("avro-consume -t t -s value=avro", "leave it out"),
    ("avro-consume -t t -r http://localhost:8081", "--registry URL"),
    ("avro-consume -t t -d broker", "-X debug=broker"),
    ("avro-consume -F kcat.conf", "--config FILE"),
    ("avro-consume --bootstrap-server b:9092 --topic t", "-b HOST:PORT"),
    ("avro-consume -t t --from-beginning", "leave it out"),
    ("avro-consume -t t --property print.key=true", "-X KEY=VALUE"),
    ("avro-consume -t t --exit", "-f goes on"),
    ("avro-consume -t t --tail 5", "--last N"),
    ("avro-consume -t t -g g -o start", "topic-ctl reset-offsets"),
    ("avro-consume -t t -g g -p 0", "leave -g out"),
    ("avro-produce -P -t t", "leave -P out"),
    ("avro-produce -t t -K:", "--key-field"),
    ("avro-produce -t t -Z", "--tombstone"),
    ("avro-produce -t t -z snappy", "-X compression.type"),
    ("avro-produce -t t -l f.jsonl", "< FILE"),
    ("avro-produce -t t orders.jsonl", "< FILE"),
    ("avro-produce -t t --acks 1", "-X acks=1"),
    ("avro-produce -t t --value-format avro", "leave it out"),
    ("avro-produce -t t --value-schema f.avsc", "--schema FILE"),
    ("topic-ctl --list --bootstrap-server b:9092", "topic-ctl list"),
    ("topic-ctl get topics", "topic-ctl list"),
    ("topic-ctl brokers list", "topic-ctl brokers"),
    ("topic-ctl describe --topic t", "topic-ctl describe TOPIC"),
    ("topic-ctl --describe --group g", "a verb"),
    ("topic-ctl consumer-groups", "topic-ctl groups list"),
    ("topic-ctl alter t --add-config retention.ms=5", "-s NAME=VALUE"),
    ("topic-ctl reset-offsets g -t t --to-earliest --execute", "--to start"),
    ("topic-ctl consume t", "avro-consume -t TOPIC"),
    ("connect-ctl get offsets c", "connect-ctl offsets get NAME"),
    ("connect-ctl describe connector c", "connect-ctl status NAME"),
    ("connect-ctl create c", "connect-ctl apply FILE"),
    ("connect-ctl config get-contexts", "CONNECT_URL"),
    ("connect-ctl plugins list", "connect-ctl plugins"),
    ("connect-ctl --cluster http://localhost:8083 list", "--connect URL"),
    ("sr schema list", "sr subjects"),
    ("sr describe s", "sr get SUBJECT"),
    ("sr get s --version 3", "SUBJECT@3"),
    ("sr get --subject s", "sr get SUBJECT"),
    ("sr compat s", "sr compat get"),
    ("sr config", "sr compat get"),
    ("sr id 7 --raw", "sr get --id N --raw"),
    ("sr infer f.jsonl", "< FILE"),
    ("ch-query -q select", "in quotes"),
    ("ch-query --query select --format CSV", "in quotes"),
    ("ch-query --host localhost --port 8123", "--url"),
    ("ch-query --user admin --password x", "CLICKHOUSE_PASSWORD"),
    ("ch-query --multiquery select", "no flag"),
    ("ch-query --param_x=5 select", "-p NAME=VALUE"),
    ("ch-query --max_threads=1 select", "-s NAME=VALUE"),
    ("ch-query --time select", "--stats"),
    ("ch-query -E select", "--format Vertical"),
    ("ch-query -f JSON select", "--format CSV"),
    ("ch-query insert t rows.jsonl", "< FILE"),
    ("ch-query insert t --format CSV", "FORMAT CSVWithNames"),
];

/// The hint for a line, as the tool gives it.
fn hint(line: &str) -> Option<String> {
    let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    let (mut command, habit) = tools().into_iter().find(|(tool, _)| tool.get_name() == words[0])?;
    let error = command.try_get_matches_from_mut(&words).expect_err(line);
    kch_cli::cure(&error, &command, &words[1..], habit)
}

#[test]
fn what_other_tools_call_it_is_told() {
    let wrong: Vec<String> = TYPED
        .iter()
        .map(|(line, part)| (line, part, hint(line).unwrap_or("nothing".to_owned())))
        .filter(|(_, part, hint)| !hint.contains(*part))
        .map(|(line, part, hint)| format!("{line}: expected {part}, got {hint}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn hints_name_verbs_and_flags_that_there_are() {
    let mut flags = BTreeSet::new();
    let mut verbs = BTreeSet::new();
    for (mut tool, _) in tools() {
        tool.build();
        let mut pages = vec![(tool.get_name().to_owned(), tool)];
        while let Some((name, page)) = pages.pop() {
            flags.extend(page.get_arguments().filter_map(|arg| Some(format!("--{}", arg.get_long()?))));
            pages.extend(
                page.get_subcommands().map(|verb| (format!("{name} {}", verb.get_name()), verb.clone())),
            );
            verbs.insert(name);
        }
    }
    let with_verbs = ["sr", "connect-ctl", "topic-ctl"];
    for (line, _) in TYPED {
        let hint = hint(line).unwrap_or_default();
        let words: Vec<&str> = hint.split([' ', ',', ':', ';', ')']).collect();
        for pair in words.windows(2) {
            let (tool, verb) = (pair[0], pair[1]);
            assert!(!verb.starts_with("--") || verb == "--" || flags.contains(verb), "{line}: {verb}");
            let named = format!("{tool} {verb}");
            assert!(!with_verbs.contains(&tool) || verbs.contains(&named), "{line}: {named}");
        }
    }
}
