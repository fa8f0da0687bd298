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

.PHONY: test
test: check-prerequisites ## All tests, the live ones on the native stack, which it starts and stops
	scripts/test.sh

.PHONY: fmt
fmt: ## Format the code
	cargo fmt --all

.PHONY: lint
lint: ## Formatting, clippy, shellcheck, yamllint
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --all-features --locked -- -D warnings
	shellcheck -x scripts/*.sh .ci/run
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
