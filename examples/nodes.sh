# Functions for scripts that run several nodes on one machine. Source it: . examples/nodes.sh
#
# What starts here ends here: every node that `start_node` starts is stopped when the script ends, however it ends.

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
drawbridge=${DRAWBRIDGE:-$repository/build/bin/drawbridge}
[ -x "$drawbridge" ] || {
  echo "error: $drawbridge is not there" >&2
  echo "hint: run 'make build' first" >&2
  exit 1
}
node_pids=()

# free_ports COUNT: that many TCP ports of 127.0.0.1 that nobody listens on.
free_ports() {
  /usr/bin/python3 - "$1" <<'PYTHON'
import socket, sys
sockets = [socket.socket() for _ in range(int(sys.argv[1]))]
for s in sockets:
    s.bind(("127.0.0.1", 0))
print(*(s.getsockname()[1] for s in sockets))
PYTHON
}

# field NAME: that field of the JSON object on standard input.
field() { /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }

# make_node HOME NAME EXTERNAL INTERNAL PEERS: a node home with these three ports. The API key, which `init` tells once,
# goes to HOME/api.key, the node id to HOME/node.id, the card to HOME/NAME.card.
make_node() {
  local home=$1 name=$2 made
  made=$("$drawbridge" --json init "$home" --name "$name" --external "127.0.0.1:$3" --internal "127.0.0.1:$4" \
    --peers "127.0.0.1:$5")
  (umask 077 && field api_key <<<"$made" >"$home/api.key")
  field node_id <<<"$made" >"$home/node.id"
  "$drawbridge" --home "$home" id --card >"$home/$name.card"
}

# introduce A B: each of the two node homes learns the other's card.
introduce() {
  "$drawbridge" --home "$1" peers add "$2"/*.card >/dev/null
  "$drawbridge" --home "$2" peers add "$1"/*.card >/dev/null
}

# start_node HOME PORT: runs it in the background with its log in HOME/node.log and waits until it answers.
start_node() {
  local home=$1 port=$2 pid tries=0
  "$drawbridge" --home "$home" run >"$home/node.log" 2>&1 &
  pid=$!
  node_pids+=("$pid")
  until curl -fs -o /dev/null "http://127.0.0.1:$port/health"; do
    tries=$((tries + 1))
    if ! kill -0 "$pid" 2>/dev/null || [ $tries -ge 300 ]; then
      echo "error: the node in $home did not start; its log ends with:" >&2
      tail -n 20 "$home/node.log" >&2
      exit 1
    fi
    sleep 0.05
  done
}

# stop_nodes: asks all of them to stop and waits for it. Safe twice.
stop_nodes() {
  [ ${#node_pids[@]} -gt 0 ] || return 0
  kill -TERM "${node_pids[@]}" 2>/dev/null || true
  wait "${node_pids[@]}" 2>/dev/null || true
  node_pids=()
}
