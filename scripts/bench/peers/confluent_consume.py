"""The peer of avro-consume: a topic through confluent-kafka-python's AvroDeserializer and json.dumps, N records."""

import json
import os
import sys

from confluent_kafka import Consumer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

topic, left = os.environ["BENCH_TOPIC"], int(sys.argv[1])
registry = SchemaRegistryClient({"url": os.environ["SCHEMA_REGISTRY_URL"]})
deserialize = AvroDeserializer(registry)
context = SerializationContext(topic, MessageField.VALUE)
consumer = Consumer(dict(pair.split("=", 1) for pair in os.environ["BENCH_CONSUMER"].split())
                    | {"group.id": f"bench-{os.getpid()}", "auto.offset.reset": "earliest", "enable.auto.commit": False})
consumer.subscribe([topic])
while left > 0:
    for message in consumer.consume(min(left, 1000), 1.0):
        if message.error():
            sys.exit(str(message.error()))
        print(json.dumps(deserialize(message.value(), context)))
        left -= 1
consumer.close()
