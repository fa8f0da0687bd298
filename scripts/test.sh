#!/usr/bin/env bash
# All tests: unit and property tests, the tools on in-process fakes, and the tools on the real native stack, which is
# started for them and stopped after them. A live test that finds no stack fails here instead of being skipped.
#
# Usage: scripts/test.sh [ARGUMENT…]      arguments go to cargo test
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1-} in
  -h | --help) usage && exit 0 ;;
esac

cd "$repo"

# A stack that ran before is not ours to stop.
was_up=
if scripts/native_status.sh >/dev/null 2>&1; then was_up=1; fi
finish() {
  if [ -z "$was_up" ]; then scripts/native_down.sh; fi
}
trap finish EXIT

cargo build --workspace --locked
export KCH_BIN=$repo/target/debug
scripts/native_up.sh
scripts/init.sh
KCH_LIVE=1 cargo test --workspace --locked --no-fail-fast "$@"
scripts/smoke_test.sh >/dev/null
BIN_DIR=$KCH_BIN scripts/test_install.sh
scripts/readme_test.sh
if [ -z "$was_up" ]; then scripts/test_broker_down.sh; fi
# Code that is not ours reads what we write and writes what we read; it needs Python's packages.
if python3 -c 'import ensurepip, venv' 2>/dev/null; then
  scripts/interop_test.sh 1000
  scripts/fastavro_test.sh 20000
  # That the benchmark runs and its accounts agree, not how fast it is.
  RECORDS=2000 ROUNDS=1 OUT=$(mktemp -d) scripts/bench.sh produce consume sink query insert start
else
  say "$program: python3-venv is not installed: the test with confluent-kafka-python did not run"
fi
