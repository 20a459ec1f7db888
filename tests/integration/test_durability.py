"""What was acknowledged stays, whatever happens to the process."""

import os
import signal
import threading

import pytest
import requests

from nodes import RAW, introduce, raw_http, until

KILL_CYCLES = 3
WRITERS = 4


def test_everything_survives_a_restart(pair):
    text = pair.alice.share("text", "bob")
    content = os.urandom(200_000)
    blob = pair.alice.share_raw(content, "bob", name="blob.bin")["data_hash"]
    assert pair.bob.text(text["data_hash"]) == "text"
    history = pair.alice.history()
    for node in (pair.alice, pair.bob):
        node.stop()
    for node in (pair.alice, pair.bob):
        node.start()
    assert pair.alice.text(text["data_hash"]) == "text"
    assert pair.alice.raw(blob).content == content
    assert pair.bob.raw(blob).content == content
    assert pair.alice.find(blob)["name"] == "blob.bin"
    assert pair.alice.verified(text["data_hash"])
    assert set(pair.alice.peers()) == {"bob"}
    later = pair.alice.history()
    assert [e for e in later if e in history] == history, "the ledger only grew"


def test_key_rotation_survives_a_restart(pair):
    old = pair.alice.share("under version 1", "bob")
    assert pair.alice.cli("keys", "rotate")["current_version"] == 2
    new = pair.alice.share("under version 2", "bob")
    assert (old["encryption"]["key_version"], new["encryption"]["key_version"]) == (1, 2)
    pair.alice.stop()
    pair.alice.start()
    assert pair.alice.text(old["data_hash"]) == "under version 1"
    assert pair.alice.text(new["data_hash"]) == "under version 2"
    versions = pair.alice.cli("keys", "list")["versions"]
    assert {v["version"]: v["current"] for v in versions} == {1: False, 2: True}


def write_until_killed(node, number, acknowledged, enough):
    """Shares one text after another until the connection breaks; notes those that were acknowledged."""
    count = 0
    while True:
        content = f"writer {number}, text {count}, {os.urandom(4).hex()}"
        try:
            answer = node.try_share(content, "bob")
        except requests.RequestException:
            return
        if answer.status_code != 200:
            return
        acknowledged[answer.json()["data_hash"]] = content
        count += 1
        if len(acknowledged) >= enough[0]:
            enough[1].set()


def test_kill_under_concurrent_writers(make_node):
    alice, bob = make_node("alice"), make_node("bob")
    introduce(alice, bob)
    alice.start()
    bob.start()
    acknowledged = {}
    for cycle in range(KILL_CYCLES):
        enough = (len(acknowledged) + 40, threading.Event())
        writers = [threading.Thread(target=write_until_killed, args=(alice, i, acknowledged, enough))
                   for i in range(WRITERS)]
        for writer in writers:
            writer.start()
        assert enough[1].wait(timeout=60), "the writers made no progress"
        alice.kill()
        for writer in writers:
            writer.join(timeout=60)
        alice.start()
        for data_hash, content in acknowledged.items():
            assert alice.text(data_hash) == content, f"cycle {cycle}: {data_hash} was acknowledged and is lost"
            assert alice.verified(data_hash), f"cycle {cycle}: the ledger does not prove {data_hash}"
    done = alice.try_cli("verify", next(iter(acknowledged)), "--deep")
    assert done.returncode == 0, done.stderr
    for data_hash, content in acknowledged.items():
        until(lambda: bob.status_of(data_hash) == 200, f"{data_hash} is delivered")
        assert bob.text(data_hash) == content


def test_the_grantee_is_killed_while_it_receives(pair):
    content = os.urandom(12_000_000)
    data_hash = pair.alice.share_raw(content, "bob")["data_hash"]
    pair.bob.kill()
    pair.bob.start()
    until(lambda: pair.bob.status_of(data_hash) == 200, "it is delivered in the end")
    assert pair.bob.raw(data_hash).content == content


def test_a_request_that_runs_is_finished_before_the_node_stops(pair):
    """SIGTERM drains: the upload that was under way is acknowledged, and there after the restart."""
    go_on = threading.Event()
    answers = []

    def body():
        yield b"first half, "
        go_on.wait(timeout=30)
        yield b"second half"

    uploading = threading.Thread(target=lambda: answers.append(pair.alice.share_raw(body(), "bob")))
    uploading.start()
    until(lambda: pair.alice.serves(), "alice serves beside it")
    pair.alice.process.terminate()
    until(lambda: not accepts(pair.alice), "alice takes no new requests")
    go_on.set()
    uploading.join(timeout=60)
    assert answers, "the upload was cut off"
    assert pair.alice.process.wait(timeout=30) == 0
    pair.alice.start()
    assert pair.alice.raw(answers[0]["data_hash"]).content == b"first half, second half"


def accepts(node):
    """Whether a new request is served; a draining node refuses the connection or says 503."""
    try:
        return requests.get(node.url("/health"), timeout=5).status_code == 200
    except requests.ConnectionError:
        return False


def test_an_aborted_upload_leaves_nothing(pair):
    def size():
        files = [path for path in pair.alice.home.rglob("*") if path.is_file() and "blob" in str(path)]
        return sum(path.stat().st_size for path in files)

    before = size()
    head = ["POST /share_data?recipient=bob HTTP/1.1", "Host: x", f"X-API-Key: {pair.alice.key}",
            f"Content-Type: {RAW}", "Content-Length: 50000000", "", ""]
    request = "\r\n".join(head).encode() + os.urandom(10_000_000)
    raw_http(pair.alice.external_port, request)
    assert pair.alice.list()[0] == []
    until(lambda: size() < before + 5_000_000, "what had arrived is removed")


@pytest.mark.parametrize("signal_name", ["SIGTERM", "SIGINT"])
def test_signals_end_it_cleanly(make_node, signal_name):
    alice = make_node("alice").start()
    alice.process.send_signal(getattr(signal, signal_name))
    assert alice.process.wait(timeout=30) == 0
    alice.process = None
    alice.start()
