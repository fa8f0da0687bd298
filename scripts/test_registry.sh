#!/usr/bin/env bash
# A schema registry with modes at work: what READONLY and IMPORT do, the seven levels, deletion from every state, references,
# contexts, odd names, and an import that is interrupted, killed, refused. The native stack's registry has no modes; the one
# of docker-compose.yml has, and so has any of Confluent's.
#
# Usage: SCHEMA_REGISTRY_URL=http://localhost:8081 OTHER_REGISTRY_URL=http://localhost:8082 scripts/test_registry.sh
#
# OTHER_REGISTRY_URL is a second registry, to import into; without one, that part is left out. All subjects are in a context
# of this run's own (or, where there are no contexts, have a prefix), and are deleted for good at the end, in both.
#
# Variables: OWN_MODE=1  change the registry's own mode too, for a moment: not where others work
#
# Exit codes: 0 all passed, 1 a check failed: it is named, 2 a program is missing or the registry has no modes, 3 it cannot
# be reached.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1-} in
  '') ;;
  -h | --help) usage && exit 0 ;;
  *) die "unknown argument \"$1\"" "$program --help" 2 ;;
esac
need jq "apt-get install jq"
use_tools
load_settings
export KCH_SCHEMA_CACHE=off

ok() { say "ok    $1"; }
equal() { # WHAT WANTED GOT
  [ "$2" = "$3" ] || die "$1: expected \"$2\", got \"$3\""
  ok "$1"
}
# refused WHAT TEXT COMMAND...: it ends with 1, prints nothing, and says TEXT.
refused() {
  local code=0
  "${@:3}" >"$work/out" 2>"$work/err" || code=$?
  if [ "$code" -ne 1 ] || [ -s "$work/out" ] || ! grep -qF -- "$2" "$work/err"; then
    die "$1: exit $code, not 1 with \"$2\": $(cat "$work/out" "$work/err")"
  fi
}
# The second registry, as the usual one.
there=()
for name in URL USERNAME PASSWORD TOKEN CA CERT KEY HEADERS; do
  setting=OTHER_REGISTRY_$name
  there+=("SCHEMA_REGISTRY_$name=${!setting-}")
done
other() { env "${there[@]}" "$@"; }
field() { jq -r "$1"; }
mode_of() { "${@:2}" sr mode get "$1" | field .mode; }
versions_of() { sr versions "$1" --deleted 2>/dev/null | field '"\(.version)\(if .deleted then "-" else "" end)"' | paste -sd ' '; }
# wipe [other]: what others refer to goes in a later round than they.
wipe() {
  local subject
  for _ in 1 2 3; do
    "$@" sr subjects --deleted --prefix "$all" | field .subject | while IFS= read -r subject; do
      "$@" sr mode delete "$subject" >/dev/null
      "$@" sr delete "$subject" --permanent --yes >/dev/null || true
    done
  done 2>/dev/null
}

umask 077
work=$(mktemp -d)
all=
own_mode=
clean_up() {
  if [ -n "$own_mode" ]; then sr mode set "$own_mode" >/dev/null || true; fi
  if [ -n "$all" ]; then
    sr mode delete "$all" >/dev/null 2>&1 || true
    wipe
    if [ -n "${OTHER_REGISTRY_URL-}" ]; then wipe other; fi
  fi
  rm -rf "$work"
}
trap clean_up EXIT
cd "$work"

record() { printf '{"type":"record","name":"%s","namespace":"test","fields":[%s]}\n' "$1" "$2"; }
record Order '{"name":"id","type":"long"}' >v1.avsc
record Order '{"name":"id","type":"long"},{"name":"note","type":"string","default":""}' >v2.avsc
record Order '{"name":"id","type":"long"},{"name":"must","type":"string"}' >must.avsc
record Order '{"name":"id","type":"string"}' >text.avsc
record Order '' >none.avsc
record Money '{"name":"cents","type":"long"}' >money.avsc
record Bill '{"name":"total","type":"test.Money"}' >bill.avsc

# Where all of it happens.
settle() {
  local context code=0
  context=:.test-registry-$$:
  sr mode set "${context}a" READWRITE >out 2>err || code=$?
  case $code in
    0) ;;
    1)
      grep -q "cannot set a mode" err || die "$(cat err)"
      die "the schema registry at $SCHEMA_REGISTRY_URL has no modes, so there is nothing to show" \
        "Confluent's has them: the one of docker-compose.yml, for example" 2
      ;;
    *) cat err >&2 && exit "$code" ;;
  esac
  sr mode delete "${context}a" >/dev/null
  all=$context
  if sr register "${context}a" v1.avsc >/dev/null && [ "$(sr get --id 1 --context "${context:1:-1}" 2>/dev/null | field .id)" = 1 ]; then
    ok "the registry has modes, and contexts that count their ids by themselves"
    contexts=yes
  else
    sr delete "${context}a" --permanent --yes >/dev/null
    all=test-registry-$$-
    sr register "${all}a" v1.avsc >/dev/null
    ok "the registry has modes, and no contexts"
    contexts=
  fi
}

test_read_only() {
  local s=${all}a why="subject ${all}a takes no changes: its mode is READONLY"
  sr mode set "$s" READONLY >/dev/null
  for dry_run in '' --dry-run; do
    refused "register in READONLY" "$why" sr register "$s" v2.avsc ${dry_run:+"$dry_run"}
    refused "delete in READONLY" "$why" sr delete "$s" ${dry_run:+"$dry_run"}
    refused "delete --permanent in READONLY" "$why" sr delete "$s" --permanent --yes ${dry_run:+"$dry_run"}
    grep -qF "hint: sr mode set $s READWRITE" err || die "no hint: $(cat err)"
  done
  refused "compat set in READONLY" "$why" sr compat set "$s" FULL
  equal "a subject in READONLY takes no schema, deletion or level, with the cure; it can be read" 1 "$(versions_of "$s")"
  equal "what is there already is no change" false "$(sr register "$s" v1.avsc | field .created)"
  sr mode delete "$s" >/dev/null
  equal "and without the mode it is changed again" true "$(sr register "$s" v2.avsc | field .created)"
}

test_context_mode() {
  sr mode set "$all" READONLY >/dev/null
  refused "a context in READONLY" "takes no changes: its mode is READONLY" sr register "${all}new" v1.avsc
  sr mode set "${all}new" READWRITE >/dev/null
  sr register "${all}new" v1.avsc >/dev/null
  equal "mode delete --dry-run shows what would count" "READONLY" "$(sr mode delete "${all}new" --dry-run | field .mode)"
  sr mode delete "$all" >/dev/null
  sr delete "${all}new" --permanent --yes >/dev/null
  sr compat set "$all" NONE >/dev/null
  equal "a context's mode and level are those of its subjects" "NONE context" \
    "$(sr compat get "${all}a" | field '"\(.compatibility) \(.source)"')"
  sr compat delete "$all" >/dev/null
}

test_own_mode() {
  own_mode=$(sr mode get | field .mode)
  local s=test-registry-$$-own
  sr mode set READONLY >/dev/null
  refused "the registry in READONLY" "takes no changes: its mode is READONLY" sr register "$s" v1.avsc
  if sr mode set READONLY_OVERRIDE >/dev/null 2>err; then
    refused "in READONLY_OVERRIDE" "hint: that is the registry's, and counts before a subject's own" sr register "$s" v1.avsc
    sr mode set "$s" READWRITE 2>err >/dev/null
    grep -q "READONLY_OVERRIDE still counts" err || die "a mode that does not count is set without a word: $(cat err)"
    sr mode set READWRITE >/dev/null
    sr mode delete "$s" >/dev/null
  fi
  sr mode delete >/dev/null
  equal "the registry's own mode refuses, and is set back" READWRITE "$(sr mode get | field .mode)"
  sr mode set "$own_mode" >/dev/null
  own_mode=
}

test_import_mode() {
  local s=${all}a
  for dry_run in '' --dry-run; do
    refused "IMPORT where there are schemas" "hint: --force lets it" sr mode set "$s" IMPORT ${dry_run:+"$dry_run"}
  done
  sr mode set "$s" IMPORT --force >/dev/null
  refused "a schema without an id in IMPORT" "does not permit this" sr register "$s" must.avsc
  sr mode delete "$s" >/dev/null
  equal "IMPORT needs --force where there are schemas, and takes none without ids" READWRITE "$(mode_of "$s")"
}

# The registry's verdict and ours, on each change, by each level.
test_levels() {
  local s=${all}levels level new theirs ours count=0
  sr register "$s" v1.avsc >/dev/null
  sr register "$s" v2.avsc >/dev/null
  for level in NONE BACKWARD BACKWARD_TRANSITIVE FORWARD FORWARD_TRANSITIVE FULL FULL_TRANSITIVE; do
    sr compat set "$s" "$level" >/dev/null
    for new in v1 v2 must text none money; do
      theirs=$( (sr check "$s" $new.avsc 2>/dev/null || true) | field .compatible | paste -sd ' ')
      ours=$( (sr check "$s" $new.avsc --level "$level" 2>/dev/null || true) | field .compatible | paste -sd ' ')
      [ "$theirs" = "$ours" ] || die "$new.avsc by $level: the registry says \"$theirs\", our rules \"$ours\""
      count=$((count + 1))
    done
  done
  sr compat set "$s" BACKWARD >/dev/null
  sr register "$s" must.avsc >out 2>err && die "an incompatible schema was registered"
  grep -q 'READER_FIELD_MISSING_DEFAULT_VALUE' err || die "no reason: $(cat err)"
  ok "all seven levels: our rules and the registry agree on $count checks, and a refusal is explained"
}

test_deletion() {
  local s=${all}gone id
  sr register "$s" v1.avsc >/dev/null && sr register "$s" v2.avsc >/dev/null
  sr delete "$s" 1 >/dev/null
  sr delete "$s" 1 >/dev/null 2>&1 || die "what is softly deleted is not deleted again"
  equal "one version is softly deleted, once or twice" "1- 2" "$(versions_of "$s")"
  sr delete "$s" 1 --permanent --yes >/dev/null
  equal "and for good" 2 "$(versions_of "$s")"
  refused "what is gone" "has no version 1" sr delete "$s" 1
  id=$(sr get "$s" | field .id)
  sr delete "$s" >/dev/null
  sr delete "$s" --dry-run >out 2>err || die "a dry run ends otherwise than the deletion: $(cat err)"
  equal "undelete gives it its id back" "$id" "$(sr undelete "$s" | field .id)"
  sr delete "$s" --permanent --yes >/dev/null
  equal "--permanent takes both steps" "" "$(versions_of "$s")"
  sr register "$s" v1.avsc >/dev/null && sr register "$s" v2.avsc >/dev/null && sr delete "$s" 2 >/dev/null
  sr delete "$s" --permanent --yes >/dev/null
  equal "from any state" "" "$(versions_of "$s")"
}

test_references() {
  local money=${all}money bill=${all}bill reference=$all
  if [ -n "$contexts" ]; then reference=; fi
  sr register "$money" money.avsc >/dev/null
  # In a context, the reference is to that context's subject.
  sr register "$bill" bill.avsc --reference "test.Money=${reference}money:1" >/dev/null
  equal "refs finds who refers" "$bill" "$(sr refs "$money" | field .subject)"
  equal "and what it needs" "$money" "$(sr refs "$bill" --needs | field .subject)"
  equal "a schema is whole with what it refers to" object \
    "$(sr jsonschema "$bill" -o json | field '.[]?."test.Money"?.type | values')"
  for dry_run in '' --dry-run; do
    refused "delete of what is referred to" "is referenced by $bill version 1" sr delete "$money" ${dry_run:+"$dry_run"}
  done
  ok "what is referred to is not deleted, and who refers is named"
}

test_contexts() {
  local plain=test-registry-$$-twin
  sr register "$all$plain" v1.avsc >/dev/null
  refused "a subject of another context" "subject $plain does not exist" sr get "$plain"
  equal "register does not take another context's schema for its own" true "$(sr register "$plain" v1.avsc | field .created)"
  sr delete "$plain" --permanent --yes >/dev/null
  equal "nor does delete" 1 "$(versions_of "$all$plain")"
}

test_odd_names() {
  local odd shown left=
  for odd in 'a/b' 'per%cent' 'a%2Fb' 'sp ace' 'co:lon' 'é-日本' 'q?x#h&+' '..'; do
    if sr register "$all$odd" v1.avsc >/dev/null 2>err; then
      shown=$(sr subjects --prefix "$all$odd" | field .subject)
      [ "$shown" = "$all$odd" ] || die "\"$odd\" became \"$shown\""
      sr mode set "$all$odd" READONLY >/dev/null
      [ "$(mode_of "$all$odd")" = READONLY ] || die "\"$odd\" has another's mode"
      sr mode delete "$all$odd" >/dev/null
    else
      grep -q '400' err || die "\"$odd\": $(cat err)"
      left="$left $odd"
    fi
  done
  ok "odd names stay as they are${left:+; this registry itself takes none of:$left}"
}

test_large() {
  jq -nc '{type: "record", name: "Large", fields: [range(4000) | {name: "field_\(.)", type: ["null", "string"], default: null, doc: ("x" * 60)}]}' >large.avsc
  sr register "${all}large" large.avsc >/dev/null
  sr check "${all}large" large.avsc >/dev/null
  equal "a schema of $(($(wc -c <large.avsc) / 1000)) kB comes back whole" "$(jq -S . large.avsc | sha256sum)" \
    "$(sr get "${all}large" --raw | jq -S . | sha256sum)"
}

# Many subjects, some with two versions, one softly deleted.
fill() {
  local n
  for n in $(seq "$subjects"); do
    record "Many$n" '{"name":"id","type":"long"}' >many.avsc
    sr register "${all}many-$n" many.avsc >/dev/null
  done
  sr register "${all}many-1" v2.avsc --set-compat NONE >/dev/null
  sr delete "${all}many-1" 1 >/dev/null
}
subjects=40

# How many subjects of the export are in IMPORT mode there.
in_import() { field '.subjects | keys[]' <dir/registry.json | while IFS= read -r s; do mode_of "$s" other; done | grep -c IMPORT || true; }
same_there() { # WHAT
  rm -rf again
  other sr export again --prefix "$all" >/dev/null
  for folder in dir again; do jq .subjects $folder/registry.json >$folder.json; done
  { diff dir.json again.json && diff -r -x registry.json dir again; } >differs || die "$1 is not what was exported: $(head -n 10 differs)"
}

# interrupted SIGNAL CODE: in the middle of an import.
interrupted() {
  local code=0 import
  wipe other
  env "${there[@]}" sr import dir >out 2>err &
  import=$!
  until [ "$(other sr subjects --prefix "$all" | wc -l)" -gt 3 ]; do
    kill -0 "$import" 2>/dev/null || break
  done
  kill -s "$1" "$import" 2>/dev/null || true
  { wait "$import"; } 2>/dev/null || code=$?
  [ "$code" = "$2" ] || die "an import that gets $1 ends with $code, not $2: $(cat err)"
}

test_import() {
  local n
  fill
  sr export dir --prefix "$all" >exported
  ok "export: $(wc -l <exported) versions"
  other sr import dir --dry-run >out
  equal "import --dry-run changes nothing" "" "$(other sr subjects --prefix "$all" --deleted)"
  other sr import dir >out
  same_there "the import"
  equal "import keeps ids, versions, deletions and levels, and leaves no mode behind" 0 "$(in_import)"
  equal "a second import changes nothing" 0 "$(other sr import dir | jq -s 'map(select(.created)) | length')"
  interrupted INT 130
  equal "Ctrl-C in the middle puts the modes back" 0 "$(in_import)"
  interrupted TERM 143
  equal "and so does SIGTERM" 0 "$(in_import)"
  interrupted KILL 137
  n=$(in_import)
  other sr import dir >out 2>err
  same_there "the import after the killed one"
  equal "kill -9 leaves $n subjects in IMPORT, and the next import ends that" 0 "$(in_import)"
}

test_import_refused() {
  local s=${all}many-7
  wipe other
  other sr mode set "$s" READONLY >/dev/null
  for how in '' --dry-run; do
    refused "import into READONLY" "subject $s takes no changes: its mode is READONLY" other sr import dir ${how:+"$how"}
  done
  equal "a subject in READONLY is not opened, and nothing else is begun" "" "$(other sr subjects --prefix "$all")"
  other sr mode delete "$s" >/dev/null
  cp -r dir broken
  echo '{"type":"record","name":"Broken"}' >"broken/$(basename dir/*many-7.v1.avsc)"
  other sr import broken >out 2>err && die "a broken schema was imported"
  grep -q "many-7 version 1: the registry takes this for no valid schema" err || die "no reason: $(cat err)"
  equal "a broken schema in the middle stops it: $(wc -l <out) were done, and no mode is left behind" 0 "$(in_import)"
  other sr import dir >out || die "the import cannot go on"
  same_there "the import that went on"
  ok "the whole folder goes on where the broken one stopped"
  wipe other
  other sr register "$s" must.avsc >/dev/null
  refused "what is taken" "$s version 1 is another schema there" other sr import dir --dry-run
  equal "a version that is taken is refused before anything is changed" 1 "$(other sr subjects --prefix "$all" | wc -l)"
}

test_copy() {
  wipe other
  sr copy "${all}bill" --to "$OTHER_REGISTRY_URL" >out
  equal "copy takes what a subject refers to along" "$(printf '%s\n' "${all}money" "${all}bill")" "$(field .subject <out)"
  equal "with the same ids" "$(sr get "${all}bill" | field .id)" "$(other sr get "${all}bill" | field .id)"
  equal "and is done once" 0 "$(sr copy "${all}bill" --to "$OTHER_REGISTRY_URL" | jq -s 'map(select(.created)) | length')"
}

settle
test_read_only
if [ -n "$contexts" ]; then test_context_mode; fi
if [ "${OWN_MODE-}" = 1 ]; then test_own_mode; else say "left out: the registry's own mode; OWN_MODE=1 changes it"; fi
test_import_mode
test_levels
test_deletion
test_references
if [ -n "$contexts" ]; then test_contexts; fi
test_odd_names
test_large
if [ -n "${OTHER_REGISTRY_URL-}" ]; then
  test_import
  test_import_refused
  test_copy
else
  say "left out: import and copy; OTHER_REGISTRY_URL names a second registry for them"
fi
