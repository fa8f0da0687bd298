# shellcheck shell=bash disable=SC2034,SC2154  # $work, $processes and $python are test_compose.sh's, which shows $step
# What the tests of test_compose.sh share: how a step is checked, and what runs beside it.

# expect WHAT WANTED COMMAND...: what the command prints, on stdout and stderr, is WANTED.
expect() {
  local got wanted=$2
  step=$1
  shift 2
  got=$("$@" 2>&1) || true
  if [ "$got" != "$wanted" ]; then
    say "expected: $wanted" "got:      $got"
    exit 1
  fi
}

# refused WHAT TEXT COMMAND...: the command fails, and says TEXT.
refused() {
  local got text=$2
  step=$1
  shift 2
  if got=$("$@" 2>&1); then
    say "it succeeded: $got"
    exit 1
  fi
  if [[ $got != *"$text"* ]]; then
    say "expected: …$text…" "got:      $got"
    exit 1
  fi
}

# eventually WHAT COMMAND...: the command succeeds within 30 s.
eventually() {
  local deadline=$((SECONDS + 30))
  step=$1
  shift
  until "$@" >/dev/null 2>&1; do
    if [ "$SECONDS" -ge "$deadline" ]; then say "not within 30 s: $*" && exit 1; fi
    sleep 0.1
  done
}

# background COMMAND...: until the end of the tests.
background() {
  "$@" >>"$work/log" 2>&1 &
  pid=$!
  processes+=("$pid")
}

# stop PID: and wait until it is gone.
stop() {
  kill "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
}
