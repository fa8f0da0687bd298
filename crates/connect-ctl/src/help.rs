//! What each `--help` ends with: a word where one is needed, and examples to paste.

pub(crate) const EXAMPLES: &str = "\
Examples:
  connect-ctl plugins -o raw | grep FileStreamSinkConnector
  connect-ctl apply clickhouse-sink configs/connect/clickhouse-sink.json --wait 60s
  connect-ctl status | jq -r '.tasks[] | select(.state == \"FAILED\") | .cause'
  connect-ctl list -o table

Exit codes: 0 done, 1 refused or failed, 2 usage, configuration or credentials,
3 worker unreachable (try again).";

pub(crate) const INFO: &str = "\
Examples:
  connect-ctl info -q version";

pub(crate) const PLUGINS: &str = "\
Examples:
  connect-ctl plugins -o table
  connect-ctl plugins --kind converter | jq -r .class";

pub(crate) const PLUGIN: &str = "\
Examples:
  connect-ctl plugin FileStreamSink -o table
  connect-ctl plugin FileStreamSink --search 'dead letter' | jq -r .setting
  connect-ctl plugin org.apache.kafka.connect.json.JsonConverter";

pub(crate) const TEMPLATE: &str = "\
Prints {\"name\": …, \"config\": …}, which apply takes. What only you know is a ${VARIABLE}: set it in the \
environment or in .env, or give the setting with --set. With --subject or --topic it is the official ClickHouse \
sink, with the settings of configs/connect/clickhouse-sink.json.

Examples:
  connect-ctl template FileStreamSink --set file=/tmp/out.txt --set topics=kafka-events
  connect-ctl template --subject kafka-events-value --table kafka_events
  connect-ctl template --topic kafka-events | connect-ctl apply --dry-run";

pub(crate) const VALIDATE: &str = "\
One line for each setting that is wrong; exit code 1 when there is one.

Examples:
  connect-ctl validate sink.json
  jq '.\"tasks.max\" = \"2\"' sink.json | connect-ctl validate --strict";

pub(crate) const LIST: &str = "\
Examples:
  connect-ctl list | jq -r 'select(.state != \"RUNNING\" or .failed > 0) | .name'
  connect-ctl list --state failed --class ClickHouseSink
  connect-ctl list 'clickhouse-*' -o raw | cut -f 1";

pub(crate) const GET: &str = "\
Examples:
  connect-ctl get clickhouse-sink | jq .config
  connect-ctl get clickhouse-sink -o table";

pub(crate) const APPLY: &str = "\
The configuration is a JSON object of settings, alone or as {\"name\": …, \"config\": …}, or Java's .properties; several \
objects, as JSON lines are, are several connectors.
${VARIABLE} and ${VARIABLE:-default} in its values are filled in from the environment and .env; \
$$ is a dollar; Connect's own ${file:…}, ${dir:…} and ${env:…} stay as they are.
A configuration that is in force already is left alone: \"result\" says created, updated or unchanged.
--wait ends with 1 and the cause when the connector or a task fails. A worker that is not up yet is waited for too.
--prune deletes what the files do not have; nothing is deleted while a configuration is wrong or refused.

Examples:
  connect-ctl apply clickhouse-sink configs/connect/clickhouse-sink.json --wait 60s
  jq '.\"tasks.max\" = 3' sink.json | connect-ctl apply clickhouse-sink
  connect-ctl apply clickhouse-sink sink.json --dry-run | jq .changes
  connect-ctl export - | connect-ctl apply --dry-run
  connect-ctl apply -f backup -f local.properties
  connect-ctl apply -f backup --prune --prefix test- --dry-run";

pub(crate) const DIFF: &str = "\
Secrets are masked: that one has changed is told, from what to what is not.

Examples:
  connect-ctl diff clickhouse-sink sink.json || echo differs
  connect-ctl diff -f backup
  connect-ctl diff -f backup --prune --prefix test-";

pub(crate) const PATCH: &str = "\
Prints the difference, secrets masked; one that is so already is unchanged. A secret comes from the environment or \
.env, as ${VARIABLE} in single quotes.

Examples:
  connect-ctl patch clickhouse-sink -s tasks.max=2 --strict --dry-run
  connect-ctl patch clickhouse-sink -s tasks.max=2 --unset errors.tolerance --wait 60s
  connect-ctl patch '*' --class ClickHouseSink -s 'password=${CLICKHOUSE_WRITER_PASSWORD}'";

pub(crate) const CLONE: &str = "\
The new connector begins anew: a sink reads its topics from the start. One that shall go on where the first one is \
is made with --stopped (Connect 3.7 and later), given the other's offsets, and resumed.

Examples:
  connect-ctl clone clickhouse-sink second-sink -s topic2TableMap=kafka-events=second --dry-run
  connect-ctl clone clickhouse-sink second-sink --unset errors.tolerance --wait 60s
  connect-ctl clone clickhouse-sink second-sink --stopped
  connect-ctl offsets get clickhouse-sink | connect-ctl offsets set second-sink --dry-run";

pub(crate) const STATUS: &str = "\
The cause of a failed task is the innermost one of its stack trace.

Examples:
  connect-ctl status && echo all is well
  connect-ctl status clickhouse-sink -q state
  connect-ctl status 'clickhouse-*' --fail-on failed --fail-on paused --fail-on unassigned
  connect-ctl status --state failed --traces | jq -r '.tasks[].trace'";

pub(crate) const WAIT: &str = "\
Examples:
  connect-ctl wait --timeout 2m && connect-ctl list
  connect-ctl wait clickhouse-sink --timeout 30s
  connect-ctl wait '*-sink' --timeout 2m
  connect-ctl wait old-sink --for gone";

pub(crate) const PAUSE: &str = "\
Examples:
  connect-ctl pause clickhouse-sink
  connect-ctl pause 'clickhouse-*' --dry-run";

pub(crate) const RESUME: &str = "\
Examples:
  connect-ctl resume clickhouse-sink --wait 60s
  connect-ctl resume --state paused";

pub(crate) const STOP: &str = "\
Connect 3.5 and later. What is stopped can have its offsets changed.

Examples:
  connect-ctl stop clickhouse-sink
  connect-ctl stop '*' --class FileStreamSource --dry-run";

pub(crate) const RESTART: &str = "\
Prints what was restarted: whether the connector itself, and which tasks. With --retries, a line for each retry.

Examples:
  connect-ctl restart clickhouse-sink --failed --wait 60s
  connect-ctl restart --state failed --failed
  connect-ctl restart clickhouse-sink --failed --wait 60s --retries 3 --backoff 10s
  connect-ctl restart clickhouse-sink --task 0";

pub(crate) const DELETE: &str = "\
Examples:
  connect-ctl delete old-sink --if-exists
  connect-ctl delete 'test-*' --if-exists --dry-run";

pub(crate) const TASKS: &str = "\
Examples:
  connect-ctl tasks clickhouse-sink | jq -r '[.task, .state, .worker] | @tsv'";

pub(crate) const TOPICS: &str = "\
Examples:
  connect-ctl topics clickhouse-sink | jq -r .topic
  connect-ctl topics clickhouse-sink --reset";

pub(crate) const OFFSETS: &str = "\
Examples:
  connect-ctl offsets get clickhouse-sink
  connect-ctl offsets set clickhouse-sink --to start --dry-run";

pub(crate) const OFFSETS_GET: &str = "\
A sink's line is {\"topic\": …, \"partition\": …, \"offset\": …}; a source's has its own kind of partition and offset.
Connect 3.5 and later.

Examples:
  connect-ctl offsets get clickhouse-sink > offsets.jsonl";

pub(crate) const OFFSETS_SET: &str = "\
Connect 3.6 and later.

Examples:
  connect-ctl offsets set clickhouse-sink --to end --dry-run
  connect-ctl offsets set clickhouse-sink --to @-1h --dry-run
  connect-ctl offsets set clickhouse-sink < offsets.jsonl";

pub(crate) const OFFSETS_RESET: &str = "\
Connect 3.6 and later.

Examples:
  connect-ctl offsets reset clickhouse-sink --dry-run";

pub(crate) const LOGGERS: &str = "\
Examples:
  connect-ctl loggers get -o table
  connect-ctl loggers set org.apache.kafka.connect debug --dry-run";

pub(crate) const LOGGERS_GET: &str = "\
Examples:
  connect-ctl loggers get root | jq -r .level";

pub(crate) const LOGGERS_SET: &str = "\
Examples:
  connect-ctl loggers set org.apache.kafka.connect debug --dry-run
  connect-ctl loggers set com.clickhouse.kafka.connect info --cluster";

pub(crate) const LAG: &str = "\
Connect 3.5 and later. A sink commits its offsets from time to time (the worker's offset.flush.interval.ms), and its \
lag goes down in steps. Without a name, it is of all sinks. --watch with --max is a guard that ends when one falls behind.
What a sink gave up (errors.tolerance=all) is behind it too: a note tells of records in its dead-letter topic.

Examples:
  connect-ctl lag --max 1000000 -o table
  connect-ctl lag clickhouse-sink | jq -s 'map(.lag) | add'
  connect-ctl lag clickhouse-sink --wait 60s > /dev/null && echo all is in";

pub(crate) const DLQ: &str = "\
Each line is the envelope of the record that the sink was given: its own topic, partition, offset, key, value and \
headers. \"dead_letter\" has where it lies now, and what Connect says of it (needs \
errors.deadletterqueue.context.headers.enable=true): stage, class, exception, message, and the cause out of the trace.
A value that is no Avro is shown as the JSON or the text that it looks like. avro-produce --envelope sends the lines \
back to their topic, encoded with the schema of that topic where they have no id of one.

Examples:
  connect-ctl dlq clickhouse-sink | jq -r '.dead_letter.cause' | sort | uniq -c
  connect-ctl dlq clickhouse-sink --last 10 | jq .value
  connect-ctl dlq clickhouse-sink | jq -c '.value.source //= \"unknown\"' | avro-produce --envelope";

pub(crate) const WATCH: &str = "\
A line for each change: time, name, task (null for the connector itself), from, to, worker, and the cause of a failure.
What is new comes from null, what is gone goes to null.

Examples:
  connect-ctl watch | jq --unbuffered -r 'select(.to == \"FAILED\") | .cause'
  connect-ctl watch clickhouse-sink --initial -n 2";

pub(crate) const EXPORT: &str = "\
A secret becomes a ${VARIABLE} with the connector's and the setting's name. --secrets keeps their values in a \
settings file of its own.

Examples:
  connect-ctl export backup --secrets backup.env
  connect-ctl apply -f backup --env-file backup.env --dry-run
  connect-ctl export - 'clickhouse-*' | jq -c '.config.\"tasks.max\" = 2'";
