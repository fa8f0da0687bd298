#!/usr/bin/env bash
# Runs every line of the README's "sh" blocks on the running stack: what the README shows works.
#
# Usage: scripts/readme_test.sh
#
# Exit codes: 0 every line ended with 0, 1 one did not: it is named with its number, and shown with what it printed.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1-} in
  -h | --help) usage && exit 0 ;;
esac

use_tools
cd "$repo"

tested=0 number=0 inside=
while IFS= read -r line; do
  number=$((number + 1))
  case $line in
    '```sh') inside=1 ;;
    '```'*) inside= ;;
    *)
      if [ -z "$inside" ] || [ -z "$line" ]; then continue; fi
      if ! output=$(bash -o pipefail -euc "$line" </dev/null 2>&1); then
        say "$program: README.md:$number: $line" "$output"
        exit 1
      fi
      tested=$((tested + 1))
      ;;
  esac
done <README.md
[ "$tested" -gt 0 ] || die "README.md has no line to run"
say "$tested lines of the README ran"
