#!/usr/bin/env bash
# Says what this machine lacks to build, run and test, and how to install it; all of it at once.
#
# Usage: scripts/check_prerequisites.sh
#
# Exit codes: 0 nothing is missing, 2 something is.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

missing=()

want() { # PROGRAM HOW
  command -v "$1" >/dev/null || missing+=("$1: $2")
}

want cargo "install Rust with rustup"
want cc "apt-get install gcc"
want c++ "apt-get install g++"
want make "apt-get install make"
want pkg-config "apt-get install pkg-config"
want java "apt-get install openjdk-17-jre-headless"
want mvn "apt-get install maven"
want npm "apt-get install npm"
want curl "apt-get install curl"
want jq "apt-get install jq"
want ss "apt-get install iproute2"

# The manifest says which Rust is needed; cargo itself would only say so after a while.
if command -v rustc >/dev/null; then
  wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$repo/Cargo.toml")
  have=$(rustc --version | awk '{print $2}')
  [ "$(printf '%s\n%s\n' "$wanted" "$have" | sort -V | head -n 1)" = "$wanted" ] ||
    missing+=("Rust $wanted or later, this is $have: rustup update")
fi
if command -v pkg-config >/dev/null; then
  pkg-config --exists openssl || missing+=("OpenSSL's headers: apt-get install libssl-dev")
  pkg-config --exists zlib || missing+=("zlib's headers: apt-get install zlib1g-dev")
fi
if command -v java >/dev/null; then
  version=$(java -version 2>&1 | sed -nE '1s/.*version "([0-9]+).*/\1/p')
  [ "${version:-0}" -ge 17 ] || missing+=("Java 17 or later, this is ${version:-unknown}: apt-get install openjdk-17-jre-headless")
fi

if [ ${#missing[@]} -gt 0 ]; then
  say "$program: this machine lacks:"
  printf '  %s\n' "${missing[@]}" >&2
  exit 2
fi
