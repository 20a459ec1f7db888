#!/bin/bash
# Two nodes to play with, in the foreground; their homes are run/alice and run/bob. Run by `make run`.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/nodes.sh"
trap stop_nodes EXIT
trap 'echo; echo "stopping"; exit 0' INT TERM

homes=$repository/run
if [ ! -f "$homes/alice/node.id" ] || [ ! -f "$homes/bob/node.id" ]; then
  if [ -e "$homes/alice" ] || [ -e "$homes/bob" ]; then
    echo "error: $homes holds only part of what 'make run' makes" >&2
    echo "hint: move $homes away and run it again" >&2
    exit 1
  fi
  mkdir -p "$homes"
  make_node "$homes/alice" alice 8081 8080 8000
  make_node "$homes/bob" bob 8181 8180 8100
  introduce "$homes/alice" "$homes/bob"
fi
start_node "$homes/alice" 8081
start_node "$homes/bob" 8181

cat <<TEXT

alice  http://127.0.0.1:8081   API key in run/alice/api.key: $(cat "$homes/alice/api.key")
bob    http://127.0.0.1:8181   API key in run/bob/api.key
       bob's node id, the recipient: $(cat "$homes/bob/node.id")

Share, open, verify (run these in the repository's folder):

  curl -H "X-API-Key: \$(cat run/alice/api.key)" -H 'Content-Type: application/json' \\
       -d '{"data": "hello bob", "recipient": "$(cat "$homes/bob/node.id")"}' http://127.0.0.1:8081/share_data
  curl -H "X-API-Key: \$(cat run/bob/api.key)" http://127.0.0.1:8181/data/HASH
  curl http://127.0.0.1:8081/verify_data/HASH

Logs: run/alice/node.log and run/bob/node.log. Ctrl-C stops both nodes.
TEXT
# Ends when one of the nodes does.
wait -n "${node_pids[@]}" || { echo "error: a node ended; see the logs" >&2; exit 1; }
