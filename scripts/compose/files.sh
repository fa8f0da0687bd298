# shellcheck shell=bash disable=SC2034,SC2016,SC2154,SC2317  # dollars as they are in the files; $work, $checks and $repo are test_compose.sh's, which shows $step
# docker-compose.yml, .env and what is mounted, as files.

test_facts() {
  "$checks" facts
}

test_lint() {
  "$checks" lint
  shellcheck "$repo"/configs/*/bin/*.sh
  yamllint --strict "$repo/docker-compose.yml"
}

# What Compose, the tools and the scripts would read differently is refused by its line, and never quoted.
test_env_file() {
  local line said
  read_line() { (unset A && load_env "$work/env" && printf '%s' "$A"); }
  for line in 'A=pa$word' 'A="x\"y"' 'A=b\c'; do
    step="refuses $line"
    printf '# a comment\n%s\n' "$line" >"$work/env"
    if said=$(read_line 2>&1); then return 1; fi
    [[ $said == *"env:2: A has a "* && $said != *"${line#A=}"* ]]
  done
  step='takes what is plain'
  printf '%s\n' "A='pa\$word' # why" >"$work/env"
  [ "$(read_line)" = 'pa$word' ]
  printf '%s\n' 'A=plain # $5' >"$work/env"
  [ "$(read_line)" = plain ]
}

test_compose_reads_it() {
  if ! docker compose version >/dev/null 2>&1; then
    say "      (no Docker Compose here: its own reading of the file is not tested)"
    return
  fi
  local compose=(env -u CLUSTER_ID docker compose --project-directory "$repo")
  expect "with .env.example" "" "${compose[@]}" --env-file "$repo/.env.example" --profile '*' config --quiet
  expect "without .env" "" env CLUSTER_ID=a2Fma2EtY2xpY2tob3VzZQ docker compose --project-directory "$repo" \
    --env-file /dev/null config --quiet
  refused "without CLUSTER_ID" "copy .env.example to .env, which has one, or make a new one and put it there: head -c 16" \
    "${compose[@]}" --env-file /dev/null config --quiet
}
