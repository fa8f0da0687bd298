# shellcheck shell=bash
# Python with the peers' packages (confluent-kafka, fastavro) in an environment of its own, in the cache. Sourced after lib.sh.

# python_with_packages: prints the interpreter; installs the packages the first time.
python_with_packages() {
  # shellcheck disable=SC2154  # $repo is of lib.sh
  local requirements=$repo/scripts/interop_requirements.txt venv
  venv=${KCH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kafka-clickhouse}/python-$(sha256sum "$requirements" | cut -c1-12)
  if [ ! -e "$venv/complete" ]; then
    rm -rf "$venv"
    python3 -m venv "$venv" || die "python3 cannot make a virtual environment" "apt-get install python3-venv" 2
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$requirements" >&2
    touch "$venv/complete"
  fi
  printf '%s\n' "$venv/bin/python"
}
