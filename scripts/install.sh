#!/usr/bin/env bash
# Puts the six tools, their man pages and their completions for bash, zsh and fish in place, or takes them away again.
#
# Usage: scripts/install.sh [--uninstall]
#
# PREFIX (default /usr/local) is where they go, DESTDIR an image of the file system that they go into, BIN_DIR (default
# target/release) where the built tools are. What was put in place is listed in PREFIX/share/kafka-clickhouse/installed:
# that is what --uninstall takes away, with the folders that are empty then, and nothing else.
#
# Exit codes: 0 done, 1 a file could not be written or removed, 2 the tools are not built, nothing is installed.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

tools=(avro-produce avro-consume sr connect-ctl ch-query topic-ctl)
prefix=${PREFIX:-/usr/local}
root=${DESTDIR-}
built=${BIN_DIR:-${CARGO_TARGET_DIR:-$repo/target}/release}
share=$prefix/share
list=$share/kafka-clickhouse/installed

main() {
  case ${1-} in
    -h | --help) usage && exit 0 ;;
    --uninstall) remove ;;
    '') put ;;
    *) die "$1: unknown argument" "scripts/install.sh --help" 2 ;;
  esac
}

put() {
  local tool page
  [[ $prefix == /* ]] || die "PREFIX=$prefix is no absolute path" "" 2
  for tool in "${tools[@]}"; do
    [ -x "$built/$tool" ] || die "$built/$tool is not there" "make build" 2
  done
  # What an older version put in place, and this one does not, goes.
  if [ -f "$root$list" ]; then remove; fi
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  mkdir "$work/man"
  for tool in "${tools[@]}"; do
    place 755 "$built/$tool" "$prefix/bin/$tool"
    generate "$tool" bash "$share/bash-completion/completions/$tool"
    generate "$tool" zsh "$share/zsh/site-functions/_$tool"
    generate "$tool" fish "$share/fish/vendor_completions.d/$tool.fish"
    "$built/$tool" --man-pages "$work/man"
  done
  for page in "$work"/man/*.1; do
    place 644 "$page" "$share/man/man1/${page##*/}"
  done
  printf '%s\n' "$list" >>"$work/installed"
  install -D -m 644 "$work/installed" "$root$list"
  say "$(wc -l <"$work/installed") files are in $root$prefix; scripts/install.sh --uninstall takes them away"
}

# generate TOOL SHELL PATH
generate() {
  "$built/$1" --completions "$2" >"$work/completions"
  place 644 "$work/completions" "$3"
}

# place MODE FILE PATH
place() {
  install -D -m "$1" "$2" "$root$3"
  printf '%s\n' "$3" >>"$work/installed"
}

remove() {
  local path folders=()
  [ -f "$root$list" ] || die "nothing is installed in $root$prefix" "PREFIX and DESTDIR say where it is" 2
  while IFS= read -r path; do
    rm -f "$root$path"
    folders+=("${path%/*}")
  done < <(cat "$root$list")
  # Deepest first; a folder that others use too is not empty.
  printf '%s\n' "${folders[@]}" | sort -ru | while IFS= read -r path; do
    while [ "$path" != "$prefix" ] && [ -n "$path" ] && rmdir "$root$path" 2>/dev/null; do path=${path%/*}; done
  done
}

main "$@"
