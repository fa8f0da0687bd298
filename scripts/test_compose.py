#!/usr/bin/python3
"""What scripts/test_compose.sh checks with Python: the facts of docker-compose.yml, and well-formed files.

Usage: test_compose.py facts                  docker-compose.yml says what the stack's specification says
       test_compose.py lint                   XML, JSON and Dockerfiles under configs/ and docker/
       test_compose.py mounts SERVICE         its bind mounts, one a line: SOURCE TARGET
       test_compose.py backend PORT NAME      an HTTP server with ClickHouse's /ping that answers NAME to all else
       test_compose.py statements FILE        the SQL statements of a file, one a line, as JSON strings

Needs Debian's python3-yaml, which yamllint brings along. Exit codes: 0 all is right, 1 not: every fault is named.
"""
import http.server
import json
import pathlib
import re
import sys
import xml.etree.ElementTree

import yaml

REPO = pathlib.Path(__file__).resolve().parent.parent
CONTROLLERS = [f"kafka-controller-{n}" for n in (1, 2, 3)]
BROKERS = [f"kafka-broker-{n}" for n in (1, 2, 3)]
REPLICAS = ["clickhouse-1", "clickhouse-2"]
IN_CLUSTER = "kafka-broker-1:9093,kafka-broker-2:9093,kafka-broker-3:9093"
IMAGES = {
    **{name: "confluentinc/cp-kafka:7.7.7" for name in CONTROLLERS + BROKERS},
    "schema-registry": "confluentinc/cp-schema-registry:7.7.7",
    "kafka-connect": "kafka-clickhouse-kafka-connect:7.7.7",
    "clickhouse-keeper": "clickhouse/clickhouse-keeper:25.11",
    **{name: "clickhouse/clickhouse-server:25.11" for name in REPLICAS},
    "clickhouse-haproxy": "haproxy:3.2",
}
PORTS = {
    "kafka-broker-1": {"KAFKA_BROKER_1_PORT": (19092, 9092)},
    "kafka-broker-2": {"KAFKA_BROKER_2_PORT": (29092, 9092)},
    "kafka-broker-3": {"KAFKA_BROKER_3_PORT": (39092, 9092)},
    "schema-registry": {"SCHEMA_REGISTRY_PORT": (8081, 8081)},
    "kafka-connect": {"KAFKA_CONNECT_PORT": (8083, 8083)},
    "clickhouse-keeper": {"CLICKHOUSE_KEEPER_PORT": (9181, 9181)},
    "clickhouse-1": {"CLICKHOUSE_1_HTTP_PORT": (8123, 8123), "CLICKHOUSE_1_NATIVE_PORT": (9000, 9000)},
    "clickhouse-2": {"CLICKHOUSE_2_HTTP_PORT": (8124, 8123), "CLICKHOUSE_2_NATIVE_PORT": (9001, 9000)},
    "clickhouse-haproxy": {"CLICKHOUSE_HAPROXY_PORT": (18123, 8123)},
}
WAITS_FOR = {
    **{name: set(CONTROLLERS) for name in BROKERS},
    "schema-registry": set(BROKERS),
    "kafka-connect": {*BROKERS, "schema-registry", "clickhouse-haproxy"},
    **{name: {"clickhouse-keeper"} for name in REPLICAS},
    "clickhouse-haproxy": set(REPLICAS),
}
DATA = {
    **{name: (f"kafka_controller_data_{n}", "/var/lib/kafka/data") for n, name in enumerate(CONTROLLERS, 1)},
    **{name: (f"kafka_broker_data_{n}", "/var/lib/kafka/data") for n, name in enumerate(BROKERS, 1)},
    **{name: (f"clickhouse_data_{n}", "/var/lib/clickhouse") for n, name in enumerate(REPLICAS, 1)},
    "clickhouse-keeper": ("clickhouse_keeper_data", "/var/lib/clickhouse"),
}
SECRET = re.compile(r"\$\{(\w*PASSWORD\w*)")

faults = []


def check(right, fault):
    """Notes a fault; all of them are printed at the end."""
    if not right:
        faults.append(fault)


def same(what, got, wanted):
    check(got == wanted, f"{what} is {got!r} instead of {wanted!r}")


def compose():
    return yaml.safe_load((REPO / "docker-compose.yml").read_text())


def default(value):
    """A value as Compose reads it without .env."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", str(value)).replace("$$", "$")


def facts():
    project = compose()
    same("the project's name", project["name"], "kafka-clickhouse")
    services = dict(project["services"])
    tools = services.pop("tools")
    same("the services", set(services), set(IMAGES))
    for name, service in services.items():
        every_service(name, service)
    volumes = {name for name, _ in DATA.values()}
    same("the named volumes", set(project["volumes"]), volumes)
    for name in CONTROLLERS:
        controller(name, services[name]["environment"])
    for name in BROKERS:
        broker(name, services[name]["environment"])
    registry(services["schema-registry"]["environment"])
    connect(services["kafka-connect"])
    for name in REPLICAS:
        replica(name, services[name])
    same("the profiles of tools", tools["profiles"], ["tools"])
    same("the brokers of tools", tools["environment"]["BOOTSTRAP_SERVERS"], IN_CLUSTER)
    example_lists_the_variables()


def every_service(name, service):
    same(f"{name}'s image", service["image"], IMAGES[name])
    check("container_name" not in service, f"{name} has a container name")
    same(f"{name}'s restart policy", service.get("restart"), "unless-stopped")
    check("mem_limit" in service, f"{name} has no memory limit")
    check("test" in service.get("healthcheck", {}), f"{name} has no healthcheck")
    same(f"what {name} waits for", set(service.get("depends_on", {})), WAITS_FOR.get(name, set()))
    for other, how in service.get("depends_on", {}).items():
        same(f"{name} waits until {other}", how, {"condition": "service_healthy"})
    wanted = [f"127.0.0.1:${{{variable}:-{host}}}:{inside}" for variable, (host, inside) in PORTS.get(name, {}).items()]
    same(f"{name}'s ports", service.get("ports", []), wanted)
    # What stands in a command is in `ps` and in the output of `docker inspect`.
    for key in ("command", "entrypoint"):
        check(not SECRET.search(str(service.get(key))), f"{name} has a password in its {key}")
    check("PASSWORD" not in str(service["healthcheck"]["test"]), f"{name} has a password in its healthcheck")
    mounts = [volume.split(":") for volume in service.get("volumes", [])]
    named = [(source, target) for source, target, *_ in mounts if not source.startswith(".")]
    same(f"{name}'s named volumes", named, [DATA[name]] if name in DATA else [])
    for source, target, *mode in mounts:
        if source.startswith("."):
            same(f"{name}'s mount of {target}", mode, ["ro"])
            check((REPO / source).exists(), f"{name} mounts {source}, which does not exist")


def kafka(name, environment):
    voters = ",".join(f"{n}@{controller}:9094" for n, controller in enumerate(CONTROLLERS, 1))
    same(f"{name}'s voters", environment["KAFKA_CONTROLLER_QUORUM_VOTERS"], voters)
    same(f"{name}'s mechanisms", environment["KAFKA_SASL_ENABLED_MECHANISMS"], "PLAIN")
    jaas = "-Djava.security.auth.login.config=/etc/kafka/secrets/broker_jaas.conf"
    same(f"{name}'s options", environment["KAFKA_OPTS"], jaas)
    same(f"{name}'s log level", environment["KAFKA_LOG4J_ROOT_LOGLEVEL"], "${KAFKA_LOG4J_ROOT_LOGLEVEL:-WARN}")
    protocols = dict(pair.split(":") for pair in environment["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(","))
    same(f"{name}'s protocols", set(protocols.values()), {"SASL_PLAINTEXT"})
    cluster_id = environment["CLUSTER_ID"]
    check(cluster_id.startswith("${CLUSTER_ID:?"), f"{name} does not require CLUSTER_ID")
    check(".env.example" in cluster_id and "/dev/urandom" in cluster_id, "CLUSTER_ID's message does not tell the cure")


def controller(name, environment):
    kafka(name, environment)
    same(f"{name}'s role", environment["KAFKA_PROCESS_ROLES"], "controller")
    # A broker's own does not count.
    same(f"{name}'s replicas of a new topic", environment["KAFKA_DEFAULT_REPLICATION_FACTOR"], 3)
    same(f"{name}'s listener", environment["KAFKA_LISTENERS"], "CONTROLLER://:9094")
    same(f"{name}'s id", environment["KAFKA_NODE_ID"], int(name[-1]))


def broker(name, environment):
    kafka(name, environment)
    n = int(name[-1])
    same(f"{name}'s role", environment["KAFKA_PROCESS_ROLES"], "broker")
    same(f"{name}'s id", environment["KAFKA_NODE_ID"], 100 + n)
    advertised = default(environment["KAFKA_ADVERTISED_LISTENERS"])
    same(f"{name}'s addresses", advertised, f"SASL_CLUSTER://{name}:9093,SASL_HOST://localhost:{n}9092")
    same(f"{name} making topics", environment["KAFKA_AUTO_CREATE_TOPICS_ENABLE"], "false")
    for key, value in {
        "KAFKA_DEFAULT_REPLICATION_FACTOR": 3,
        "KAFKA_MIN_INSYNC_REPLICAS": 2,
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": 3,
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": 3,
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": 2,
    }.items():
        same(f"{name}'s {key}", environment[key], value)


def registry(environment):
    brokers = [f"SASL_PLAINTEXT://{broker}" for broker in IN_CLUSTER.split(",")]
    same("the registry's brokers", environment["SCHEMA_REGISTRY_KAFKASTORE_BOOTSTRAP_SERVERS"].split(","), brokers)
    same("the registry's protocol", environment["SCHEMA_REGISTRY_KAFKASTORE_SECURITY_PROTOCOL"], "SASL_PLAINTEXT")
    same("the registry's replicas", environment["SCHEMA_REGISTRY_KAFKASTORE_TOPIC_REPLICATION_FACTOR"], 3)


def connect(service):
    environment = service["environment"]
    same("Connect's brokers", environment["CONNECT_BOOTSTRAP_SERVERS"], IN_CLUSTER)
    same("Connect's log level", environment["CONNECT_LOG4J_ROOT_LOGLEVEL"], "INFO")
    for prefix, topic, partitions in [
        ("CONNECT_CONFIG_STORAGE", "connect-configs", None),
        ("CONNECT_OFFSET_STORAGE", "connect-offsets", 25),
        ("CONNECT_STATUS_STORAGE", "connect-status", 5),
    ]:
        same(prefix, environment[f"{prefix}_TOPIC"], topic)
        same(f"{topic}'s replicas", environment[f"{prefix}_REPLICATION_FACTOR"], 3)
        same(f"{topic}'s in-sync replicas", environment[f"{prefix}_MIN_INSYNC_REPLICAS"], 2)
        same(f"{topic}'s partitions", environment.get(f"{prefix}_PARTITIONS"), partitions)
    same("Connect's build", service["build"]["context"], "docker/kafka-connect")


def replica(name, service):
    environment = service["environment"]
    same(f"{name}'s user", default(environment["CLICKHOUSE_USER"]), "admin")
    same(f"{name}'s password", default(environment["CLICKHOUSE_PASSWORD"]), "clickhouse")
    node = f"node{name[-1]}"
    targets = {volume.split(":")[1] for volume in service["volumes"] if volume.startswith(f"./configs/clickhouse/{node}/")}
    wanted = {f"/etc/clickhouse-server/config.d/{file}" for file in ("00-macros.xml", "cluster.xml", "keeper.xml", "listen.xml")}
    same(f"{name}'s own drop-ins", targets, wanted)
    other = "node2" if node == "node1" else "node1"
    check(other not in str(service["volumes"]), f"{name} mounts a file of {other}")
    for file in ("cluster.xml", "keeper.xml", "listen.xml"):
        pair = [(REPO / f"configs/clickhouse/{n}/config.d/{file}").read_text() for n in ("node1", "node2")]
        check(pair[0] == pair[1], f"{file} differs between the nodes")


def example_lists_the_variables():
    """Every variable that Compose reads is in .env.example, with the same default where it is set there."""
    text = (REPO / "docker-compose.yml").read_text()
    example = dict(re.findall(r"^#?([A-Z][A-Z0-9_]*)=(.*)$", (REPO / ".env.example").read_text(), re.M))
    for name, value in set(re.findall(r"\$\{(\w+)(?::-([^}]*))?", text)):
        check(name in example, f".env.example lacks {name}")
        if value and name in example:
            same(f".env.example's {name}", example[name], value)


def lint():
    for path in sorted(REPO.glob("configs/**/*")):
        try:
            if path.suffix == ".xml":
                xml.etree.ElementTree.parse(path)
            elif path.suffix in (".json", ".avsc"):
                json.loads(path.read_text())
        except (xml.etree.ElementTree.ParseError, ValueError) as error:
            faults.append(f"{path.relative_to(REPO)}: {error}")
    for path in sorted(REPO.glob("docker/*/Dockerfile")):
        dockerfile(path)
    for path in (REPO / "configs/kafka/secrets").iterdir():
        for value in re.findall(r'(?:password|user_\S+?)="([^"]*)"', path.read_text()):
            check(re.fullmatch(r"@\w+@", value), f"{path.relative_to(REPO)} has a value that is no placeholder")
    connector = json.loads((REPO / "configs/connect/clickhouse-sink.json").read_text())
    for key, value in {
        "connector.class": "com.clickhouse.kafka.connect.ClickHouseSinkConnector",
        "topics": "kafka-events",
        "topic2TableMap": "kafka-events=kafka_events",
        "hostname": "clickhouse-haproxy",
        "value.converter": "io.confluent.connect.avro.AvroConverter",
        "value.converter.schema.registry.url": "http://schema-registry:8081",
        "password": "${CLICKHOUSE_WRITER_PASSWORD}",
    }.items():
        same(f"clickhouse-sink.json's {key}", connector.get(key), value)
    native = json.loads((REPO / "configs/connect/clickhouse-sink-native.json").read_text())
    where = {key: value for key, value in native.items() if connector.get(key) != value}
    same("what clickhouse-sink-native.json has of its own", where, {"hostname": "localhost", "port": "18123"})
    check(all(".converter" in f".{key}" for key in connector.keys() - native.keys()), "clickhouse-sink-native.json lacks a setting")


def dockerfile(path):
    name = path.relative_to(REPO)
    text = re.sub(r"\\\n", " ", path.read_text())
    stages = set()
    for image, stage in re.findall(r"^FROM (\S+)(?: AS (\S+))?", text, re.M):
        check(image in stages or re.search(r":[^:]*\d[^:]*$|:[a-z]+-slim$", image), f"{name}: {image} is not pinned")
        stages.add(stage)
    check(not re.search(r"^(ENV|ARG) \S*(PASSWORD|SECRET|TOKEN)", text, re.M), f"{name}: a secret in the image")
    check(not re.search(r"^ADD ", text, re.M), f"{name}: ADD, where COPY does")
    for run in re.findall(r"^RUN (.*)$", text, re.M):
        check("apt-get install" not in run or "rm -rf /var/lib/apt/lists/*" in run, f"{name}: leaves apt's lists behind")
        check(not re.search(r"\b(curl|wget)\b", run), f"{name}: downloads while it builds")
    if "tools" in str(name):
        users = re.findall(r"^USER (\S+)", text, re.M)
        check(users and users[-1].split(":")[0] not in ("0", "root"), f"{name}: runs as root")


def mounts(service):
    for volume in compose()["services"][service]["volumes"]:
        source, target, *_ = volume.split(":")
        if source.startswith("."):
            print(REPO / source, target)


def statements(file):
    text = re.sub(r"^\s*--.*\n", "", pathlib.Path(file).read_text(), flags=re.M)
    for statement in text.split(";"):
        if statement.strip():
            print(json.dumps(statement.strip()))


def backend(port, name):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            text = "Ok.\n" if self.path == "/ping" else name + "\n"
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_):
            pass

    http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Handler).serve_forever()


verbs = {"facts": facts, "lint": lint, "mounts": mounts, "backend": backend, "statements": statements}
if len(sys.argv) < 2 or sys.argv[1] not in verbs:
    sys.exit(__doc__)
verbs[sys.argv[1]](*sys.argv[2:])
for line in faults:
    print(f"test_compose.py: {line}", file=sys.stderr)
sys.exit(1 if faults else 0)
