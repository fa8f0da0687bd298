# Each target is one obvious line. `make` alone prints them.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

.PHONY: help
help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' Makefile

.PHONY: check-prerequisites
check-prerequisites:
	@scripts/check_prerequisites.sh

.PHONY: demo
demo: check-prerequisites build ## The main job on the native stack: build, fetch, start, send, show the rows, stop (KEEP=1: stay up)
	scripts/demo.sh

.PHONY: build
build: ## Build the tools (target/release)
	cargo build --release --locked

.PHONY: install
install: build ## Put tools, man pages and completions into PREFIX (/usr/local), below DESTDIR
	PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' scripts/install.sh

.PHONY: uninstall
uninstall: ## Take away exactly what make install put there
	PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' scripts/install.sh --uninstall

.PHONY: test
test: check-prerequisites ## All tests, the live ones on the native stack, which it starts and stops
	scripts/test.sh

.PHONY: bench
bench: check-prerequisites build ## Measure the tools beside their peers; writes docs/bench.md and its chart
	scripts/bench.sh

.PHONY: fmt
fmt: ## Format the code
	cargo fmt --all

.PHONY: lint
lint: ## Formatting, clippy, shellcheck, yamllint
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --all-features --locked -- -D warnings
	shellcheck -x scripts/*.sh scripts/compose/*.sh scripts/sink/*.sh configs/*/bin/*.sh .ci/run
	yamllint --strict .

.PHONY: native-up
native-up: build ## Start the native stack and make topics, schemas, tables and the sink
	scripts/native_up.sh
	scripts/init.sh

.PHONY: native-down
native-down: ## Stop the native stack; its data stay
	scripts/native_down.sh

.PHONY: native-status
native-status: ## What of the native stack runs
	scripts/native_status.sh

.PHONY: smoke
smoke: ## Five records in at Kafka, five rows out of ClickHouse
	scripts/smoke_test.sh

# --- Docker --------------------------------------------------------------------------------------

# The tools that were built here, before any that are installed.
export PATH := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)/release:$(PATH)

.PHONY: up
up: build ## Start the cluster in Docker and make topics, schemas, tables and the sink
	scripts/docker_up.sh
	scripts/init.sh

.PHONY: down
down: ## Stop the cluster in Docker; its data stay
	scripts/docker_down.sh

.PHONY: ps
ps: ## The services of the cluster in Docker
	docker compose ps --all

.PHONY: logs
logs: ## Follow the logs of the cluster in Docker (S=SERVICE: of one)
	docker compose logs --follow --tail 100 $(S)

# --- either stack ---------------------------------------------------------------------------------

.PHONY: topics
topics: ## The topics of the running stack
	topic-ctl list -o table

.PHONY: register
register: ## Register the schema of the events
	sr register kafka-events-value configs/schemas/kafka-events-value.avsc

.PHONY: ddl
ddl: ## Make the tables on the cluster in Docker
	ch-query -f sql/ddl/clickhouse_kafka_sink.sql

.PHONY: sink
sink: ## Apply the ClickHouse sink to Kafka Connect in Docker, and wait until it runs
	connect-ctl apply clickhouse-sink configs/connect/clickhouse-sink.json --wait 60s

.PHONY: play
play: ## The address of ClickHouse's own page for queries
	@ch-query --show-config | jq -r 'select(.name == "CLICKHOUSE_HTTP").value + "/play"'

# --- tests of it ----------------------------------------------------------------------------------

.PHONY: test-compose
test-compose: ## Test docker-compose.yml and its configurations without Docker
	scripts/test_compose.sh

.PHONY: test-sasl-ssl
test-sasl-ssl: ## Test the example of SECURITY.md: TLS, SCRAM and ACLs on a real broker
	scripts/test_sasl_ssl.sh

.PHONY: test-sink
test-sink: ## Test the ClickHouse sink of Kafka Connect, when its jars are there, on a native stack of its own
	scripts/test_sink_connect.sh

.PHONY: test-registry
test-registry: ## Test sr on a registry with modes, SCHEMA_REGISTRY_URL, and an import into OTHER_REGISTRY_URL
	scripts/test_registry.sh

.PHONY: test-docker
test-docker: ## Test the cluster in Docker, from empty volumes and back: its data are dropped
	scripts/test_docker.sh
