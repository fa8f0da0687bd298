"""What the contests need of the stack: topics, tables, credentials for the peers, and the input files."""

import json
import os
import pathlib
import subprocess
import tempfile
import time
import urllib.request

RECORDS = int(os.environ.get("RECORDS", "1000000"))
ROUNDS = int(os.environ.get("ROUNDS", "5"))
PARTITIONS = 3
RUN = f"bench-{int(time.time())}-{os.getpid()}"
SUBJECT = "kafka-events-value"

folder = pathlib.Path(tempfile.mkdtemp(prefix="kch-bench-"))

CONNECTION = {
    "bootstrap.servers": os.environ["BOOTSTRAP_SERVERS"],
    "security.protocol": os.environ["KAFKA_SECURITY_PROTOCOL"],
    "sasl.mechanism": os.environ["KAFKA_SASL_MECHANISM"],
    "sasl.username": os.environ["KAFKA_CLIENT_SASL_USERNAME"],
    "sasl.password": os.environ["KAFKA_CLIENT_SASL_PASSWORD"],
}
# The promises and the memory of avro-produce, and its batches: they decide how much the brokers have to do.
SAFE = CONNECTION | {
    "enable.idempotence": "true", "acks": "all", "queue.buffering.max.messages": "100000",
    "queue.buffering.max.kbytes": "65536",
}
PRODUCER = SAFE | {"linger.ms": "100", "batch.num.messages": "100000"}


def tool(*command):
    """What one of our tools prints."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def export():
    """Gives the commands of the contestants their variables; passwords are in files or here, never in arguments."""
    os.environ["BENCH_SUBJECT"] = SUBJECT
    os.environ["BENCH_PRODUCER"] = " ".join(f"{key}={value}" for key, value in PRODUCER.items())
    os.environ["BENCH_CONSUMER"] = " ".join(f"{key}={value}" for key, value in CONNECTION.items())
    os.environ["BENCH_DIR"] = str(folder)
    for name, properties in [("producer.conf", PRODUCER), ("small.conf", SAFE), ("consumer.conf", CONNECTION)]:
        folder.joinpath(name).write_text("".join(f"{key}={value}\n" for key, value in properties.items()))
    folder.joinpath("clickhouse.curl").write_text(
        f'header = "X-ClickHouse-User: {os.environ["CLICKHOUSE_USER"]}"\n'
        f'header = "X-ClickHouse-Key: {os.environ["CLICKHOUSE_PASSWORD"]}"\n'
        'silent\nshow-error\nfail-with-body\n')
    for path in folder.iterdir():
        path.chmod(0o600)


def events(count):
    """A file with `count` events of 90 bytes each, as JSON lines."""
    path = folder / f"events-{count}.jsonl"
    if not path.exists():
        with path.open("w") as file:
            for n in range(count):
                line = f'{{"id":{n},"source":"bench","ts":"2026-11-25T10:00:00.000Z","payload":"'
                file.write(f'{line}{"x" * (87 - len(line))}"}}\n')
    return path


def readings(count):
    """A file with `count` lines for a table of TYPED: numbers, days and lists, all of which its columns keep."""
    path = folder / f"readings-{count}.jsonl"
    if not path.exists():
        with path.open("w") as file:
            for n in range(count):
                file.write(f'{{"id":{n},"port":{n % 65536},"price":{n % 1000}.{n % 100:02},"load":{n % 64}.5,'
                           f'"at":"2026-11-{1 + n % 28:02}T10:00:{n % 60:02}Z","day":"2026-11-{1 + n % 28:02}",'
                           f'"tags":[1,{n % 256}],"note":null}}\n')
    return path


def create_topic():
    create_topic.count += 1
    topic = f"{RUN}-{create_topic.count}"
    tool("topic-ctl", "create", topic, "--partitions", str(PARTITIONS), "--replication-factor", "3")
    return topic


create_topic.count = 0


def delete_topic(topic):
    tool("topic-ctl", "delete", topic, "--yes")


def ensure_has(topic, count):
    """The brokers have that many records, whatever a contestant says."""
    partitions = json.loads(tool("topic-ctl", "describe", topic, "-o", "json"))["partitions"]
    found = sum(partition["end"] - partition["start"] for partition in partitions)
    if found != count:
        raise SystemExit(f"bench: topic {topic} has {found} records instead of {count}")


def clickhouse(sql):
    """Asks ClickHouse itself."""
    request = urllib.request.Request(os.environ["CLICKHOUSE_HTTP"], sql.encode(), {
        "X-ClickHouse-User": os.environ["CLICKHOUSE_USER"], "X-ClickHouse-Key": os.environ["CLICKHOUSE_PASSWORD"]})
    with urllib.request.urlopen(request) as answer:
        return answer.read().decode().strip()


EVENTS = "id Int64, source LowCardinality(String), ts String, payload String"
TYPED = "id Int64, port UInt16, price Decimal(10, 2), load Float64, at DateTime('UTC'), day Date, tags Array(UInt8), " \
        "note Nullable(String)"


def create_table(columns=EVENTS):
    create_table.count += 1
    table = f"{RUN}_{create_table.count}".replace("-", "_")
    clickhouse(f"CREATE TABLE {table} ({columns}) ENGINE = MergeTree ORDER BY id "
               "SETTINGS non_replicated_deduplication_window = 1000")
    return table


create_table.count = 0


def drop_table(table):
    clickhouse(f"DROP TABLE IF EXISTS {table} SYNC")


def wait_for_rows(table, count):
    deadline = time.time() + 300
    while (found := int(clickhouse(f"SELECT count() FROM {table}"))) < count:
        if time.time() > deadline:
            raise SystemExit(f"bench: table {table} has {found} rows instead of {count}")
        time.sleep(0.05)
    if found > count:
        raise SystemExit(f"bench: table {table} has {found} rows instead of {count}")
