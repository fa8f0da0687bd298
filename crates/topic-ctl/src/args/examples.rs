//! What stands at the end of each `--help`. A test runs every line of it.

pub(super) const TOOL: &str = "\
Examples:
  topic-ctl create kafka-events --replication-factor 3 --if-not-exists
  topic-ctl list | jq -r .topic
  topic-ctl describe kafka-events | jq -c '.partitions[]'
  topic-ctl lag | jq -r 'select(.lag > 1000) | .group'
  topic-ctl check && echo 'every partition is well'
  topic-ctl brokers | jq -c '{broker, state, leads}'

Exit codes: 0 done, 1 refused, or what was named is not there, 2 usage or configuration, 3 brokers
unreachable (try again).";

pub(super) const LIST: &str = "\
Examples:
  topic-ctl list -o table
  topic-ctl list 'kafka-*'
  topic-ctl list --all | jq -r 'select(.replication_factor < 3) | .topic'";

pub(super) const DESCRIBE: &str = "\
Examples:
  topic-ctl describe kafka-events -o table
  topic-ctl describe kafka-events | jq .config";

pub(super) const CREATE: &str = "\
It is done when every broker shows the topic with a leader for each partition.

Examples:
  topic-ctl create orders -p 6 -r 3 -s cleanup.policy=compact -s min.insync.replicas=2
  topic-ctl create orders --if-not-exists
  topic-ctl create payments -r 3 --dry-run";

pub(super) const ALTER: &str = "\
Partitions can only become more, and a key's records may go to another one then. Settings are
read, changed and sent back together: what another one changes at the same moment is lost.

Examples:
  topic-ctl alter orders -s retention.ms=86400000 --unset cleanup.policy
  topic-ctl alter orders -p 12 --dry-run | jq -c '.changes[]'";

pub(super) const DELETE: &str = "\
Examples:
  topic-ctl delete orders --dry-run
  topic-ctl delete orders payments --if-exists
  topic-ctl delete 'orders*' --yes";

pub(super) const GROUPS: &str = "\
Examples:
  topic-ctl groups list | jq -r 'select(.state == \"Empty\") | .group'
  topic-ctl groups describe clickhouse-kafka-events";

pub(super) const GROUPS_LIST: &str = "\
Examples:
  topic-ctl groups list -o table
  topic-ctl groups list 'clickhouse-*'";

pub(super) const GROUPS_DESCRIBE: &str = "\
Examples:
  topic-ctl groups describe clickhouse-kafka-events | jq -c '.members[] | {client_id, host}'
  topic-ctl groups describe clickhouse-kafka-events -o table";

pub(super) const GROUPS_DELETE: &str = "\
A group with members is refused: stop them first.

Examples:
  topic-ctl groups delete nightly --dry-run
  topic-ctl groups delete nightly --if-exists
  topic-ctl groups delete 'nightly*' --dry-run";

pub(super) const LAG: &str = "\
What a partition without a leader has is null, and the exit code is 3, as at the end of a --wait
that was too short. Null is also the lag of a member that has committed nothing yet: where it
began, it alone knows. --watch with --max is a guard that ends when a group falls behind.

Examples:
  topic-ctl lag clickhouse-kafka-events -o table
  topic-ctl lag clickhouse-kafka-events --max 1000
  topic-ctl lag clickhouse-kafka-events --wait 60s
  topic-ctl lag clickhouse-kafka-events --watch | jq --unbuffered .lag
  topic-ctl lag clickhouse-kafka-events | jq .lag
  topic-ctl lag -t kafka-events | jq -c '{group, lag}'";

pub(super) const RESET_OFFSETS: &str = "\
All partitions or none: an offset that is past an end changes nothing. One that is gone becomes
the first there is.

Examples:
  topic-ctl reset-offsets nightly -t kafka-events --to start --create
  topic-ctl reset-offsets nightly --to @-1h --dry-run
  topic-ctl reset-offsets nightly -t kafka-events --partition 0 --shift-by -1";

pub(super) const OFFSETS: &str = "\
What a partition without a leader has is null, and the exit code is 3.

Examples:
  topic-ctl offsets kafka-events -o table
  topic-ctl offsets kafka-events --at @-1h | jq '.end - .at'";

pub(super) const CONFIGS: &str = "\
A setting's source is topic or broker (set for this one), cluster (set for all brokers), file (the
broker's properties) or default. Settings are read, changed and sent back together: what another
one changes at the same moment is lost.

Examples:
  topic-ctl configs kafka-events --defaults | jq -c 'select(.setting == \"retention.ms\")'
  topic-ctl configs kafka-events -s retention.ms=86400000 --dry-run
  topic-ctl configs --broker 101 -o table";

pub(super) const CHECK: &str = "\
One line for each partition that is not well; exit code 1 when there is one. Kafka wants
min.insync.replicas copies up to date, or all of them where a topic has fewer: min_in_sync is the
smaller of the two.

Examples:
  topic-ctl check -o table
  topic-ctl check kafka-events --wait 60s && seq 5 | avro-produce -t kafka-events";

pub(super) const PARTITION: &str = "\
By murmur2 of the key's bytes, as Java's producer, Kafka Connect and avro-produce choose it. A key
that is not plain text, as one in Avro, has other bytes.

Examples:
  topic-ctl partition kafka-events customer-17
  topic-ctl partition kafka-events customer-17 --partitions 12
  seq 100 | topic-ctl partition kafka-events - | jq .partition | sort | uniq -c";

pub(super) const TRIM: &str = "\
A group that has not read them goes on at the first record that stays. All partitions or none: an
offset that is past an end deletes nothing. Brokers refuse it where cleanup.policy does not have
delete.

Examples:
  topic-ctl trim orders --before @-7d --dry-run
  topic-ctl trim orders --before end --partition 0 --yes";

pub(super) const BROKERS: &str = "\
A broker prefers to lead the partitions that it is the first replica of. One that is down is known
by its replicas.

Examples:
  topic-ctl brokers -o table
  topic-ctl brokers | jq -c 'select(.state == \"down\" or .out_of_sync > 0)'";
