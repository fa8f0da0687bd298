"""The peer of avro-produce: JSON lines on stdin through confluent-kafka-python's AvroSerializer, one call a record."""

import json
import os
import sys

from confluent_kafka import Producer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

topic = os.environ["BENCH_TOPIC"]
registry = SchemaRegistryClient({"url": os.environ["SCHEMA_REGISTRY_URL"]})
schema = registry.get_latest_version(os.environ["BENCH_SUBJECT"]).schema.schema_str
options = {"auto.register.schemas": False, "use.latest.version": True,
           "subject.name.strategy": lambda _context, _record: os.environ["BENCH_SUBJECT"]}
serialize = AvroSerializer(registry, schema, conf=options)
context = SerializationContext(topic, MessageField.VALUE)
producer = Producer(dict(pair.split("=", 1) for pair in os.environ["BENCH_PRODUCER"].split()))
for line in sys.stdin:
    value = serialize(json.loads(line), context)
    while True:
        try:
            producer.produce(topic, value)
            break
        except BufferError:
            producer.poll(0.1)
    producer.poll(0)
sys.exit(1 if producer.flush(60) else 0)
