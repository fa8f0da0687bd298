# shellcheck shell=bash
# Helpers that the scripts share: messages, settings from .env, templates. Sourced, not run.

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
program=$(basename "$0")

# Messages go to stderr: stdout is for data.
say() { printf '%s\n' "$*" >&2; }

# die MESSAGE [HINT [CODE]]
die() {
  say "$program: $1"
  if [ -n "${2-}" ]; then say "hint: $2"; fi
  exit "${3:-1}"
}

# need PROGRAM HOW-TO-INSTALL
need() {
  command -v "$1" >/dev/null || die "$1 is not installed" "$2" 2
}

# usage: prints the script's own header, the comment lines after the first, up to the first line of code.
usage() {
  awk 'NR == 1 { next } /^#/ { sub(/^# ?/, ""); print; next } { exit }' "$0"
}

# load_env FILE: variables of a .env file that the environment does not have. What Compose and the tools would read
# otherwise than this, a dollar or a backslash outside of single quotes, is refused.
load_env() {
  local line name value number=0
  while IFS= read -r line || [ -n "$line" ]; do
    number=$((number + 1))
    line=${line%$'\r'}
    if [[ $line =~ ^[[:space:]]*(#|$) ]]; then continue; fi
    # A bad line is named by its number: what it holds may be a password.
    [[ $line =~ ^[[:space:]]*(export[[:space:]]+)?([A-Za-z_][A-Za-z0-9_]*)[[:space:]]*=(.*)$ ]] ||
      die "$1:$number: not NAME=VALUE" "" 2
    name=${BASH_REMATCH[2]}
    value=${BASH_REMATCH[3]#"${BASH_REMATCH[3]%%[![:space:]]*}"}
    case $value in
      \'*) value=${value#\'} && value=${value%%\'*} ;;
      \"*) value=${value#\"} && value=${value%%\"*} ;;
      \#*) value= ;;
      *)
        value=${value%%[[:space:]]#*}
        value=${value%"${value##*[![:space:]]}"}
        ;;
    esac
    if [[ ! ${BASH_REMATCH[3]} =~ ^[[:space:]]*\' && $value == *[\\\$]* ]]; then
      die "$1:$number: $name has a \$ or a backslash" "write the value in single quotes: $name='…'" 2
    fi
    if [ -z "${!name+set}" ]; then export "$name=$value"; fi
  done <"$1"
}

# env_file: the file that the tools would read: KCH_ENV_FILE, or the repository's .env.
env_file() {
  printf '%s\n' "${KCH_ENV_FILE:-$repo/.env}"
}

# load_settings: the environment, then .env, then the values of .env.example.
load_settings() {
  local file
  file=$(env_file)
  if [ -e "$file" ]; then
    load_env "$file"
  elif [ -n "${KCH_ENV_FILE-}" ]; then
    die "KCH_ENV_FILE names $file, which does not exist" "" 2
  fi
  load_env "$repo/.env.example"
}

# render TEMPLATE FILE NAME=VALUE...: a copy with each @NAME@ replaced; every one must have a value.
render() {
  local text pair template=$1 file=$2
  shift 2
  text=$(<"$template")
  for pair; do
    text=${text//"@${pair%%=*}@"/"${pair#*=}"}
  done
  if [[ $text =~ @[A-Z][A-Z0-9_]*@ ]]; then
    die "$template: no value for ${BASH_REMATCH[0]}"
  fi
  printf '%s\n' "$text" >"$file"
}

# xml_escape TEXT
xml_escape() {
  local text=$1
  text=${text//&/'&amp;'}
  text=${text//</'&lt;'}
  text=${text//>/'&gt;'}
  printf '%s' "$text"
}

# jaas_escape TEXT: for the inside of a quoted JAAS value within a Java properties file, which both unescape.
jaas_escape() {
  local text=$1
  local backslash="\\" quote='"'
  text=${text//"$backslash"/"$backslash$backslash$backslash$backslash"}
  text=${text//"$quote"/"$backslash$backslash$quote"}
  printf '%s' "$text"
}

sha256() {
  printf '%s' "$1" | sha256sum | cut -d' ' -f1
}

# use_tools: puts our tools first on PATH: KCH_BIN, or what cargo built here, or what is installed.
use_tools() {
  local bin=${KCH_BIN:-${CARGO_TARGET_DIR:-$repo/target}/release}
  if [ -x "$bin/avro-produce" ]; then PATH=$bin:$PATH; fi
  need avro-produce "build the tools: make build"
}

# free_ports N: that many ports of 127.0.0.1 where nobody listens. Below those that the kernel gives to outgoing
# connections, any of which could have one before a server of ours does, and beside those of the tests in Rust.
free_ports() {
  local port free=()
  while [ ${#free[@]} -lt "$1" ]; do
    port=$((30000 + RANDOM % 2700))
    if [[ " ${free[*]-} " != *" $port "* ]] && ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      free+=("$port")
    fi
  done
  echo "${free[@]}"
}
