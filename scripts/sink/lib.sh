# shellcheck shell=bash disable=SC2154  # $work is test_sink_connect.sh's
# What the parts of test_sink_connect.sh share. Sourced after lib.sh; $work is a folder of the run's own.

passed=0
ok() {
  passed=$((passed + 1))
  say "ok    $1"
}
equal() { # WHAT WANTED GOT
  [ "$2" = "$3" ] || die "$1: expected \"$2\", got \"$3\""
  ok "$1"
}
# within SECONDS WHAT COMMAND...
within() {
  local deadline=$((SECONDS + $1))
  until "${@:3}"; do
    [ "$SECONDS" -lt "$deadline" ] || die "$2: not within $1 s"
    sleep 0.5
  done
}

# says FILE TEXT WHAT: a message that must be in what a tool said.
says() {
  grep -qF -- "$2" "$1" || die "$3: not in what was said: $2" "$(head -c 2000 "$1")"
  ok "$3"
}

# three_lines TOPIC SCHEMA [DDL-FLAG...]: a topic, and the three lines of the README that bring it to ClickHouse. What ddl
# and template said is in $work/ddl and $work/template.
three_lines() {
  topic-ctl create "$1" --replication-factor 3 >/dev/null
  sr register "$1-value" "$2" >/dev/null
  sr ddl "$1-value" "${@:3}" 2>"$work/ddl" | ch-query
  connect-ctl template --subject "$1-value" 2>"$work/template" | connect-ctl apply --wait 60s >/dev/null
}

arrive() { # TABLE ROWS [CONNECTOR]
  ch-query --until "n >= $2" --timeout 60s "SELECT count() AS n FROM \`$1\`" >/dev/null 2>"$work/said" ||
    die "$2 rows in $1: $(<"$work/said")" "$(causes "${3:-clickhouse-$1}")"
}

# causes CONNECTOR: of its dead letters, each once.
causes() { { connect-ctl dlq "$1" 2>/dev/null || true; } | jq -r .dead_letter.cause | sort -u; }
dead_letters_of() { { connect-ctl dlq "$1" 2>/dev/null || true; } | wc -l; }
has_dead_letters() { [ "$(dead_letters_of "$1")" -ge "$2" ]; }
state_of() { { connect-ctl status "$1" 2>/dev/null || true; } | jq -r '[.state, .tasks[].state] | join(" ")'; }
