#!/bin/bash
# The story of Drawbridge on one machine: three nodes, one file, one that may and one that may not. Run by `make demo`.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/nodes.sh"

work=$(mktemp -d "${TMPDIR:-/tmp}/drawbridge-demo.XXXXXX")
trap 'stop_nodes; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

bold="" green="" red="" dim="" plain=""
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
  bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' dim=$'\e[2m' plain=$'\e[0m'
fi

began=$(date +%s%N)
chapter=0
seconds() { printf '%d.%02d s' $(($1 / 1000000000)) $(($1 / 10000000 % 100)); }
chapter() { chapter=$((chapter + 1)) && printf '\n%s%d  %s%s\n' "$bold" $chapter "$1" "$plain"; }
tell() { printf '   %-12s %s\n' "$1" "$2"; }
note() { printf '   %s%s%s\n' "$dim" "$1" "$plain"; }
short() { printf '%.21s…' "$1"; }

# expect WHAT WANTED GOT: one line of the story, and the end of it when the two differ.
expect() {
  if [ "$2" != "$3" ]; then
    printf '   %-12s %sexpected %s, got %s%s\n' "$1" "$red" "$2" "$3" "$plain"
    exit 1
  fi
  printf '   %-12s %s%s%s\n' "$1" "$green" "${4:-$3}" "$plain"
}

# ask PORT KEY PATH: the HTTP status of a GET.
ask() { curl -s -o "$work/answer" -w '%{http_code}' -H "X-API-Key: $2" "http://127.0.0.1:$1$3"; }
# until_status WANTED PORT KEY PATH: repeats the GET until the status is there, for at most ten seconds.
until_status() {
  local status tries=0
  until status=$(ask "$2" "$3" "$4") && [ "$status" = "$1" ] || [ $tries -ge 50 ]; do
    tries=$((tries + 1)) && sleep 0.2
  done
  echo "$status"
}
at() { "$drawbridge" --home "$work/$1" "${@:2}"; }

echo "${bold}Drawbridge: alice shares a file with bob. Mallory, who also knows alice, wants it too.${plain}"

chapter "Three organisations, three nodes"
read -r alice_port alice_internal alice_peers bob_port bob_internal bob_peers \
  mallory_port mallory_internal mallory_peers <<<"$(free_ports 9)"
make_node "$work/alice" alice "$alice_port" "$alice_internal" "$alice_peers"
make_node "$work/bob" bob "$bob_port" "$bob_internal" "$bob_peers"
make_node "$work/mallory" mallory "$mallory_port" "$mallory_internal" "$mallory_peers"
introduce "$work/alice" "$work/bob"
introduce "$work/alice" "$work/mallory"
start_node "$work/alice" "$alice_port"
start_node "$work/bob" "$bob_port"
start_node "$work/mallory" "$mallory_port"
for name in alice bob mallory; do
  port=${name}_port
  tell "$name" "$(short "$(cat "$work/$name/node.id")")  REST on 127.0.0.1:${!port}"
done
note "A node id is the hash of the node's public keys. They exchanged cards, so each knows whose key to expect."

chapter "Alice shares 64 MiB with bob, for two hours"
head -c 67108864 /dev/urandom >"$work/scan.bin"
content=$(sha256sum <"$work/scan.bin" | cut -d' ' -f1)
started=$(date +%s%N)
shared=$(at alice --json share "$work/scan.bin" --to bob --expires 2h)
took=$(($(date +%s%N) - started))
hash=$(field data_hash <<<"$shared")
tell "content" "sha256 $(short "$content")  (stays with alice and bob)"
tell "asset" "$(short "$hash")  the hash of the sealed envelope, never of the content"
tell "ledger" "$(short "$(field tx_hash <<<"$shared")")  the event that says so, in alice's log"
tell "time" "$(seconds $took) to seal, store and record"

chapter "Bob opens it"
started=$(date +%s%N)
at bob get "$hash" -o "$work/opened.bin" >"$work/get.log" 2>&1 || { cat "$work/get.log"; exit 1; }
took=$(($(date +%s%N) - started))
expect "content" "$content" "$(sha256sum <"$work/opened.bin" | cut -d' ' -f1)" "the same 64 MiB, byte for byte"
cmp -s "$work/scan.bin" "$work/opened.bin"
tell "time" "$(seconds $took) to ask for the key, fetch, check and open"
note "The grant ends in two hours, so alice's node decided at this moment whether to release the key."

chapter "Mallory does not"
refused=0
at mallory get "$hash" -o "$work/stolen.bin" >"$work/get.log" 2>&1 || refused=$?
[ $refused -ne 0 ] && [ ! -e "$work/stolen.bin" ] || { echo "mallory's node got the file"; exit 1; }
tell "her node" "$(grep -m1 '^error:' "$work/get.log" || head -n 1 "$work/get.log")"
expect "over REST" 403 "$(ask "$mallory_port" "$(cat "$work/mallory/api.key")" "/data/$hash")" \
  "403: alice's node knows her, and has no grant for her"
expect "wrong key" 401 "$(ask "$bob_port" "not-the-key-of-bob" "/data/$hash")" \
  "401: guessing at bob's REST interface does not help either"

chapter "What happened can be proved"
verified=$(at alice --json verify "$hash" | field verified)
expect "verify" True "$verified" "the event is in alice's ledger, under her signed checkpoint"
at alice proof "$hash" -o "$work/share.proof" >/dev/null
tell "proof" "$(wc -c <"$work/share.proof" | tr -d ' ') bytes of text, written to a file"

chapter "Alice changes her mind"
at alice revoke "$hash" >/dev/null
expect "bob again" 410 "$(until_status 410 "$bob_port" "$(cat "$work/bob/api.key")" "/data/$hash")" \
  "410: revoked; no key is released any more"
note "What bob opened before is his. Revoking ends what comes, it cannot take back what was."

chapter "All nodes stop; the proof stands"
cp "$work/alice/alice.card" "$work/alice.card"
stop_nodes
mkdir "$work/elsewhere"
checked=0
cd "$work/elsewhere"
"$drawbridge" proof check "$work/share.proof" --card "$work/alice.card" >"$work/check.log" 2>&1 || checked=$?
expect "offline" 0 $checked "holds, with nothing but the proof file and alice's card"
sed 's/^/                /' "$work/check.log"
other=0
"$drawbridge" proof check "$work/share.proof" --card "$work/mallory/mallory.card" >"$work/check.log" 2>&1 || other=$?
[ $other -ne 0 ] || { echo "the proof was accepted with another node's card"; exit 1; }
tell "with another" "card it is refused: $(grep -m1 '^error:' "$work/check.log" | cut -d' ' -f2-)"

printf '\n%sEverything above was real%s: three processes, TLS between them, %s in all.\n' "$bold" "$plain" \
  "$(seconds $(($(date +%s%N) - began)))"
echo "Next: 'make run' for two nodes to play with, README.md for the ideas."
