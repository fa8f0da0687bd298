"""The contests: who runs against whom, on what, and how much better we want to be."""

import dataclasses
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import time

import stack
from measure import Contestant, contest, present
from stack import RECORDS, ROUNDS

PEERS = pathlib.Path(__file__).parent / "peers"


@dataclasses.dataclass
class Target:
    """A number to reach: a ratio of ours to a peer's."""

    ours: str
    peer: str
    what: str  # wall, cpu, rate (records a second), added (milliseconds more)
    bound: str  # "<= 0.9", ">= 4"
    values: list  # of each round

    @property
    def value(self):
        return statistics.median(self.values)

    @property
    def reached(self):
        comparison, number = self.bound.split()
        return self.value <= float(number) if comparison == "<=" else self.value >= float(number)


@dataclasses.dataclass
class Outcome:
    """What a contest showed."""

    title: str
    contestants: list
    targets: list
    notes: list = dataclasses.field(default_factory=list)


def target(contestants, ours, peer, what, bound):
    found = {contestant.name: contestant for contestant in contestants}
    if ours not in found or peer not in found:
        return []
    a, b = found[ours], found[peer]
    compare = {
        "wall": lambda run, other: run.wall / other.wall,
        "cpu": lambda run, other: run.cpu / other.cpu,
        "rate": lambda run, other: (a.records / run.wall) / (b.records / other.wall),
        "added": lambda run, other: (run.wall - other.wall) * 1000,
    }[what]
    # Of the same round: what slows a minute down is in both.
    return [Target(ours, peer, what, bound, [compare(*runs) for runs in zip(a.runs, b.runs)])]


def run(title, contestants, *wanted, rounds=ROUNDS):
    """`wanted`: ours, peer, what, bound."""
    contestants = present(contestants)
    contest(contestants, rounds, warm_up=rounds > 1)
    targets = [found for each in wanted for found in target(contestants, *each)]
    return Outcome(title, contestants, targets)


# --- Kafka ----------------------------------------------------------------------------------------

def sender(name, records, command, needs=""):
    def before():
        topic = stack.create_topic()
        # A producer that meets a topic in its first second may wait for leaders: kcat up to a second, now and then.
        time.sleep(1)
        return {"BENCH_TOPIC": topic}

    def after(variables):
        stack.ensure_has(variables["BENCH_TOPIC"], records)
        stack.delete_topic(variables["BENCH_TOPIC"])

    path = stack.events(records)
    return Contestant(name, f"{command} < {path}", records, needs, before, after)


def produce():
    slow = max(RECORDS // 5, 1000)
    contestants = [
        sender("avro-produce", RECORDS, "avro-produce -t $BENCH_TOPIC --subject $BENCH_SUBJECT"),
        sender("kcat -P (raw JSON)", RECORDS, "kcat -F $BENCH_DIR/producer.conf -P -t $BENCH_TOPIC", "kcat"),
        sender("kcat -P, its own batches", RECORDS, "kcat -F $BENCH_DIR/small.conf -P -t $BENCH_TOPIC", "kcat"),
        sender("confluent-kafka-python", slow, f"$PYTHON {PEERS}/confluent_produce.py"),
    ]
    return run(
        f"JSON lines of 90 bytes into a topic: 3 brokers, 3 partitions, acks=all, idempotent, {RECORDS:,} records", contestants,
        ("avro-produce", "kcat -P (raw JSON)", "wall", "<= 0.9"),
        ("avro-produce", "kcat -P (raw JSON)", "cpu", "<= 1.0"),
        ("avro-produce", "confluent-kafka-python", "rate", ">= 4"))


def filled_topic(records):
    topic = stack.create_topic()
    subprocess.run(f"avro-produce -t {topic} --subject {stack.SUBJECT} < {stack.events(records)}", shell=True, check=True)
    stack.ensure_has(topic, records)
    return topic


def consume():
    topic = filled_topic(RECORDS)
    slow = max(RECORDS // 10, 1000)
    given = {"BENCH_TOPIC": topic}
    kcat = "kcat -F $BENCH_DIR/consumer.conf -q -C -e -o beginning -t $BENCH_TOPIC"
    contestants = [
        Contestant("avro-consume", "avro-consume -t $BENCH_TOPIC", RECORDS, before=lambda: given),
        Contestant("kcat -C (raw bytes)", kcat, RECORDS, "kcat", lambda: given),
        Contestant("confluent-kafka-python", f"$PYTHON {PEERS}/confluent_consume.py {slow}", slow, before=lambda: given),
    ]
    outcome = run(
        f"The same topic as JSON lines, {RECORDS:,} records", contestants,
        ("avro-consume", "kcat -C (raw bytes)", "wall", "<= 1.2"),
        ("avro-consume", "confluent-kafka-python", "rate", ">= 20"))
    stack.delete_topic(topic)
    return outcome


def memory():
    """Over many records the tools' memory stays what it was over few."""
    few, many = RECORDS, RECORDS * 10
    path, topic = stack.events(few), stack.create_topic()
    repeated = f"for n in {{1..10}}; do cat {path}; done | avro-produce -t {topic} --subject {stack.SUBJECT}"
    contestants = [
        Contestant("avro-produce", repeated, many, after=lambda variables: stack.ensure_has(topic, many)),
        Contestant("avro-consume", f"avro-consume -t {topic}", many),
    ]
    contest(contestants, 1)
    stack.delete_topic(topic)
    targets = [Target(c.name, "100 MiB", "memory", "<= 100", [run.memory for run in c.runs]) for c in contestants]
    return Outcome(f"Memory over {many:,} records", contestants, targets)


# --- ClickHouse -----------------------------------------------------------------------------------

CURL = "curl --config $BENCH_DIR/clickhouse.curl"
INSERT = "$CLICKHOUSE_HTTP/?query=INSERT%20INTO%20$BENCH_TABLE%20FORMAT%20JSONEachRow"


def loader(name, records, command, needs="", columns=stack.EVENTS):
    return Contestant(
        name, command, records, needs, lambda: {"BENCH_TABLE": stack.create_table(columns)},
        lambda variables: stack.drop_table(variables["BENCH_TABLE"]),
        lambda variables: stack.wait_for_rows(variables["BENCH_TABLE"], records))


def engine(topic, records):
    """ClickHouse's own Kafka engine, with its settings for throughput."""
    columns = "(id Int64, source String, ts String, payload String)"

    def command():
        return f"""
          {CURL} "$CLICKHOUSE_HTTP" --data-binary "CREATE TABLE ${{BENCH_TABLE}}_queue {columns} ENGINE = Kafka(kafka_native)
            SETTINGS kafka_topic_list = '{topic}', kafka_group_name = '$BENCH_TABLE', kafka_format = 'AvroConfluent',
            format_avro_schema_registry_url = '$SCHEMA_REGISTRY_URL', kafka_max_block_size = 1048576"
          {CURL} "$CLICKHOUSE_HTTP" --data-binary "CREATE MATERIALIZED VIEW ${{BENCH_TABLE}}_mv TO $BENCH_TABLE
            AS SELECT * FROM ${{BENCH_TABLE}}_queue" """

    contestant = loader("ClickHouse's Kafka engine", records, command())
    drop = contestant.after

    def after(variables):
        for suffix in ["_mv", "_queue"]:
            stack.drop_table(variables["BENCH_TABLE"] + suffix)
        drop(variables)

    contestant.after = after
    return contestant


def sink():
    topic, raw = filled_topic(RECORDS), stack.create_topic()
    if shutil.which("kcat"):
        fill = f"kcat -F {stack.folder}/producer.conf -P -t {raw} < {stack.events(RECORDS)}"
        subprocess.run(fill, shell=True, check=True)
    contestants = [
        loader("avro-consume | ch-query insert", RECORDS,
               f"avro-consume -t {topic} --envelope | ch-query insert $BENCH_TABLE --envelope"),
        engine(topic, RECORDS),
        loader("kcat -C (raw JSON) | curl", RECORDS,
               f"kcat -F $BENCH_DIR/consumer.conf -q -C -e -o beginning -t {raw} | "
               f"{CURL} -X POST -T - \"{INSERT}\"", "kcat"),
    ]
    outcome = run(
        f"A topic into a ClickHouse table, {RECORDS:,} Avro records", contestants,
        ("avro-consume | ch-query insert", "ClickHouse's Kafka engine", "rate", ">= 4"))
    stack.delete_topic(topic)
    stack.delete_topic(raw)
    return outcome


def query():
    sql = f"SELECT number AS id, 'bench' AS source, toString(number) AS ts, repeat('x', 40) AS payload FROM numbers({RECORDS})"
    stack.folder.joinpath("query.sql").write_text(f"{sql} FORMAT JSONEachRow")
    contestants = [
        Contestant("ch-query", f'ch-query "{sql}"', RECORDS),
        Contestant("curl", f"{CURL} \"$CLICKHOUSE_HTTP\" --data-binary @$BENCH_DIR/query.sql", RECORDS),
    ]
    return run(f"{RECORDS:,} rows out of ClickHouse as JSON lines", contestants, ("ch-query", "curl", "wall", "<= 1.1"))


def insert():
    path = stack.events(RECORDS)
    contestants = [
        loader("ch-query", RECORDS, f'ch-query "INSERT INTO $BENCH_TABLE FORMAT JSONEachRow" < {path}'),
        loader("ch-query insert", RECORDS, f"ch-query insert $BENCH_TABLE < {path}"),
        loader("curl", RECORDS, f'{CURL} -X POST -T - "{INSERT}" < {path}'),
    ]
    return run(f"{RECORDS:,} JSON lines into a ClickHouse table", contestants,
               ("ch-query", "curl", "wall", "<= 1.1"), ("ch-query insert", "curl", "wall", "<= 1.1"))


def typed():
    """`ch-query insert` looks at each value before it is sent; here all but one of eight columns could change theirs."""
    path, looks = stack.readings(RECORDS), "ch-query insert (looks at all)"
    contestants = [
        loader(looks, RECORDS, f"ch-query insert $BENCH_TABLE < {path}", columns=stack.TYPED),
        loader("ch-query insert --lossy", RECORDS, f"ch-query insert --lossy $BENCH_TABLE < {path}", columns=stack.TYPED),
        loader("curl", RECORDS, f'{CURL} -X POST -T - "{INSERT}" < {path}', columns=stack.TYPED),
    ]
    return run(f"{RECORDS:,} JSON lines into a table of numbers, days and lists", contestants,
               (looks, "curl", "wall", "<= 1.1"))


# --- start-up, codec ------------------------------------------------------------------------------

def start():
    registry, connect = os.environ["SCHEMA_REGISTRY_URL"], os.environ["CONNECT_URL"]
    contestants = [
        Contestant("sr subjects", "sr subjects", 1),
        Contestant("curl /subjects", f"curl -sS {registry}/subjects", 1),
        Contestant("connect-ctl list", "connect-ctl list", 1),
        Contestant("curl /connectors", f"curl -sS '{connect}/connectors?expand=info&expand=status'", 1),
        Contestant("ch-query 'SELECT 1'", "ch-query 'SELECT 1'", 1),
        Contestant("curl SELECT 1", f"{CURL} \"$CLICKHOUSE_HTTP\" --data-binary 'SELECT 1'", 1),
    ]
    return run("Start-up to the end of one answer", contestants,
               ("sr subjects", "curl /subjects", "added", "<= 5"),
               ("connect-ctl list", "curl /connectors", "added", "<= 5"),
               ("ch-query 'SELECT 1'", "curl SELECT 1", "added", "<= 5"), rounds=ROUNDS * 8)


def codec():
    """`cargo bench` measures it within one process; here its figures are read."""
    command = "cargo bench --quiet --locked -p kch-avro --bench codec -- --warm-up-time 1 --measurement-time 3"
    subprocess.run(command.split(), check=True, stdout=subprocess.DEVNULL)
    results = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", "target")) / "criterion"

    def rate(group, name):
        estimates = json.loads(results.joinpath(group, name, "new", "estimates.json").read_text())
        return 1000 / (estimates["median"]["point_estimate"] / 1e9)

    targets = []
    for group in ["encode event", "decode event", "encode order", "decode order"]:
        value = rate(group, "kch-avro") / rate(group, "apache-avro")
        targets.append(Target(f"{group}: {rate(group, 'kch-avro') / 1e6:.2f} M/s", "apache-avro", "rate", ">= 8", [value]))
    return Outcome("The codec, JSON text to Avro and back, one core", [], targets)


CONTESTS = {each.__name__: each for each in [produce, consume, sink, query, insert, typed, start, codec, memory]}
