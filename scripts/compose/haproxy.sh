# shellcheck shell=bash disable=SC2034,SC2154,SC2317  # $work, $checks and $repo are test_compose.sh's, which shows $step; functions that are called by their names
# HAProxy with the very file that it gets, before two nodes that come and go.

test_haproxy() {
  local cfg=$work/haproxy.cfg ports
  read -ra ports < <(free_ports 3)
  sed -e "s/bind :8123/bind 127.0.0.1:${ports[0]}/" \
    -e "s/clickhouse-1:8123/127.0.0.1:${ports[1]}/; s/clickhouse-2:8123/127.0.0.1:${ports[2]}/" \
    "$repo/configs/haproxy/haproxy.cfg" >"$cfg"
  step="haproxy -c"
  haproxy -c -q -f "$repo/configs/haproxy/haproxy.cfg" 2>"$work/log" || { cat "$work/log" >&2 && exit 1; }
  background "$checks" backend "${ports[1]}" one
  local one=$pid
  background "$checks" backend "${ports[2]}" two
  local two=$pid
  background haproxy -q -db -f "$cfg"
  ask() { curl --silent --fail --max-time 5 --noproxy '*' "http://127.0.0.1:${ports[0]}$1"; }
  both() { [ "$(for _ in 1 2 3 4; do ask /; done | sort | uniq -c | xargs)" = "2 one 2 two" ]; }
  eventually "round robin over two nodes" both
  stop "$one"
  for _ in 1 2 3 4; do expect "no request is lost when a node dies" two ask /; done
  expect "/ping" Ok. ask /ping
  background "$checks" backend "${ports[1]}" one
  one=$pid
  eventually "the node is back" both
  stop "$one"
  stop "$two"
  # For the sink: it sends again after a NETWORK_ERROR, and gives up on what it does not know.
  answered() { curl --silent --include --max-time 5 --noproxy '*' "http://127.0.0.1:${ports[0]}/" | tr -d '\r'; }
  no_node() { answered | grep -q '^Code: 210. DB::NetException: no node of the cluster answers'; }
  eventually "without a node it answers as ClickHouse would" no_node
  expect "with the code in a header" "x-clickhouse-exception-code: 210" bash -c "$(declare -f answered); ports=(${ports[0]}); answered | grep -i ^x-clickhouse"
}
