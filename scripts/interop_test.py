"""Our tools against confluent-kafka-python, in both directions, on random records of a schema with every Avro type.

Run by interop_test.sh, which brings the packages and the settings.
"""

import base64
import datetime as dt
import decimal
import json
import os
import random
import subprocess
import sys
import uuid

from confluent_kafka import Consumer, Producer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

SCHEMA = {
    "type": "record",
    "name": "Everything",
    "namespace": "interop",
    "fields": [
        {"name": "b", "type": "boolean"},
        {"name": "i", "type": "int"},
        {"name": "l", "type": "long"},
        {"name": "d", "type": "double"},
        {"name": "raw", "type": "bytes"},
        {"name": "s", "type": "string"},
        {"name": "maybe", "type": ["null", "string"], "default": None},
        {"name": "either", "type": ["null", "long", "string"]},
        {"name": "color", "type": {"type": "enum", "name": "Color", "symbols": ["RED", "GREEN", "BLUE"]}},
        {"name": "four", "type": {"type": "fixed", "name": "Four", "size": 4}},
        {"name": "numbers", "type": {"type": "array", "items": "int"}},
        {"name": "by_name", "type": {"type": "map", "values": ["null", "double"]}},
        {"name": "inner", "type": ["null", {"type": "record", "name": "Inner", "fields": [
            {"name": "x", "type": "long"}, {"name": "next", "type": ["null", "Inner"], "default": None}]}]},
        {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 3}},
        {"name": "day", "type": {"type": "int", "logicalType": "date"}},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "at_micros", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {"name": "clock", "type": {"type": "int", "logicalType": "time-millis"}},
        {"name": "uid", "type": {"type": "string", "logicalType": "uuid"}},
    ],
}
UTC = dt.timezone.utc
EPOCH = dt.datetime(1970, 1, 1, tzinfo=UTC)


def text(rng):
    return "".join(rng.choice('abc"\\\n\t\u0000é漢😀/') for _ in range(rng.randrange(12)))


def record(rng):
    """A random record, as Python's deserializer gives it."""
    inner = None
    for _ in range(rng.randrange(4)):
        inner = {"x": rng.randrange(-(2**63), 2**63), "next": inner}
    micros = rng.randrange(-(10**15), 4 * 10**15)
    millis = rng.randrange(-(10**12), 4 * 10**12)
    return {
        "b": rng.random() < 0.5,
        "i": rng.randrange(-(2**31), 2**31),
        "l": rng.randrange(-(2**63), 2**63),
        "d": rng.choice([0.0, -1.5, 0.1, 1e300, 5e-324, rng.random()]),
        "raw": rng.randbytes(rng.randrange(9)),
        "s": text(rng),
        "maybe": rng.choice([None, text(rng)]),
        "either": rng.choice([None, rng.randrange(-(2**63), 2**63), text(rng)]),
        "color": rng.choice(["RED", "GREEN", "BLUE"]),
        "four": rng.randbytes(4),
        "numbers": [rng.randrange(-(2**31), 2**31) for _ in range(rng.randrange(4))],
        "by_name": {text(rng): rng.choice([None, rng.random()]) for _ in range(rng.randrange(3))},
        "inner": inner,
        "price": decimal.Decimal(rng.randrange(-(10**12) + 1, 10**12)).scaleb(-3),
        "day": dt.date(1970, 1, 1) + dt.timedelta(days=rng.randrange(-50000, 50000)),
        "at": EPOCH + dt.timedelta(milliseconds=millis),
        "at_micros": EPOCH + dt.timedelta(microseconds=micros),
        "clock": (dt.datetime.min + dt.timedelta(milliseconds=rng.randrange(86_400_000))).time(),
        "uid": uuid.UUID(int=rng.getrandbits(128)),
    }


def to_json(value):
    """The record as a person writes it in JSON: what avro-produce reads."""
    if isinstance(value, dict):
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [to_json(item) for item in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, (dt.datetime, dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, (decimal.Decimal, uuid.UUID)):
        return str(value)
    return value


def same(ours, expected):
    """Whether a line of avro-consume says what the record says, however times and decimals are spelled."""
    if isinstance(expected, dict):
        return ours.keys() == expected.keys() and all(same(ours[key], expected[key]) for key in expected)
    if isinstance(expected, list):
        return len(ours) == len(expected) and all(map(same, ours, expected))
    if isinstance(expected, dt.datetime):
        return dt.datetime.fromisoformat(ours) == expected
    if isinstance(expected, dt.date):
        return dt.date.fromisoformat(ours) == expected
    if isinstance(expected, dt.time):
        return dt.time.fromisoformat(ours) == expected
    if isinstance(expected, decimal.Decimal):
        return isinstance(ours, str) and decimal.Decimal(ours) == expected
    if isinstance(expected, bytes):
        return base64.b64decode(ours) == expected
    if isinstance(expected, uuid.UUID):
        return ours == str(expected)
    return type(ours) is type(expected) and ours == expected


def kafka():
    return {
        "bootstrap.servers": os.environ["BOOTSTRAP_SERVERS"],
        "security.protocol": os.environ["KAFKA_SECURITY_PROTOCOL"],
        "sasl.mechanism": os.environ["KAFKA_SASL_MECHANISM"],
        "sasl.username": os.environ["KAFKA_CLIENT_SASL_USERNAME"],
        "sasl.password": os.environ["KAFKA_CLIENT_SASL_PASSWORD"],
    }


def tool(*args, data=None):
    done = subprocess.run(args, input=data, capture_output=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(args)} ended with {done.returncode}: {done.stderr.decode()}")
    return done.stdout


def read_with_python(topic, deserialize, count):
    consumer = Consumer({**kafka(), "group.id": f"interop-{uuid.uuid4()}", "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    values = []
    while len(values) < count:
        message = consumer.poll(20)
        if message is None or message.error():
            sys.exit(f"only {len(values)} of {count} records could be read: {message and message.error()}")
        values.append(deserialize(message.value(), SerializationContext(topic, MessageField.VALUE)))
    consumer.close()
    return values


def main(count):
    seed = random.randrange(2**32)
    print(f"seed {seed}", file=sys.stderr)
    rng = random.Random(seed)
    records = [record(rng) for _ in range(count)]
    run = uuid.uuid4().hex[:8]
    ours, theirs = f"interop-ours-{run}", f"interop-theirs-{run}"
    registry = SchemaRegistryClient({"url": os.environ["SCHEMA_REGISTRY_URL"]})
    try:
        for topic in (ours, theirs):
            tool("topic-ctl", "create", topic, "--replication-factor", "3")
            tool("sr", "register", f"{topic}-value", "-", data=json.dumps(SCHEMA).encode())

        lines = "".join(json.dumps(to_json(item), ensure_ascii=False) + "\n" for item in records)
        tool("avro-produce", "-t", ours, data=lines.encode())
        read = read_with_python(ours, AvroDeserializer(registry), count)
        wrong = [(a, b) for a, b in zip(read, records) if a != b]
        if wrong:
            sys.exit(f"AvroDeserializer reads {wrong[0][0]}\ninstead of {wrong[0][1]}")
        print(f"{count} records of avro-produce, read by AvroDeserializer: all equal")

        serialize = AvroSerializer(registry, json.dumps(SCHEMA), conf={"auto.register.schemas": False})
        producer = Producer(kafka())
        context = SerializationContext(theirs, MessageField.VALUE)
        for item in records:
            producer.produce(theirs, serialize(item, context))
            producer.poll(0)
        producer.flush()
        printed = tool("avro-consume", "-t", theirs).decode().split("\n")[:-1]
        if len(printed) != count:
            sys.exit(f"avro-consume prints {len(printed)} lines of {count}")
        for line, item in zip(printed, records):
            if not same(json.loads(line), item):
                sys.exit(f"avro-consume prints {line}\ninstead of {item}")
        print(f"{count} records of AvroSerializer, printed by avro-consume: all equal")

        # And back: what avro-consume prints, avro-produce takes; the bytes are those that Python wrote.
        again = f"{ours}-again"
        tool("topic-ctl", "create", again, "--replication-factor", "3")
        tool("avro-produce", "-t", again, "--subject", f"{theirs}-value", data="\n".join(printed).encode())
        raw = read_with_python(again, lambda value, _: value, count)
        wanted = read_with_python(theirs, lambda value, _: value, count)
        if raw != wanted:
            sys.exit("the bytes of avro-consume | avro-produce differ from AvroSerializer's")
        print(f"{count} records through avro-consume | avro-produce: AvroSerializer's bytes again")
    finally:
        for topic in (ours, theirs, f"{ours}-again"):
            subprocess.run(["topic-ctl", "delete", topic, "--if-exists", "--yes"], capture_output=True, check=False)
        for topic in (ours, theirs):
            subprocess.run(["sr", "delete", f"{topic}-value", "--permanent", "--yes"], capture_output=True, check=False)


main(int(sys.argv[1]))
