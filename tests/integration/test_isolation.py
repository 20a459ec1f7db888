"""A node whose storage, cipher, ledger, keeper and transport run in processes of their own."""

import os
import re
import signal

import pytest

from nodes import introduce, until

PLUGINS = ("storage.rocksdb", "cipher.fernet", "chain.local", "keeper.owner", "transport.tls")


def isolate(node):
    for plugin in PLUGINS:
        node.edit(f"plugin: {plugin}", f"plugin: {plugin}, isolate: process")


def processes(node):
    """The processes of a node by the names of their components."""
    found = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            arguments = open(f"/proc/{entry}/cmdline", "rb").read().split(b"\0")
        except OSError:
            continue
        name = re.fullmatch(rb"drawbridge-isolated: (.+)", arguments[0])
        if name and arguments[1] == str(node.process.pid).encode():
            found[name[1].decode()] = int(entry)
    return found


@pytest.fixture
def isolated_pair(make_node):
    alice, bob = make_node("alice"), make_node("bob")
    introduce(alice, bob)
    isolate(alice)
    return alice.start(), bob.start()


def test_shares_and_opens(isolated_pair):
    alice, bob = isolated_pair
    assert set(processes(alice)) == {"main", "suite", "ledger", "keeper", "transport"}
    shared = alice.share("through five processes", "bob")["data_hash"]
    assert bob.text(shared) == "through five processes"
    content = os.urandom(5_000_000)
    large = alice.share_raw(content, "bob", name="large.bin")["data_hash"]
    assert bob.raw(large).content == content
    assert alice.raw(large).content == content
    assert alice.verified(large)
    back = bob.share("and back", "alice")["data_hash"]
    assert alice.text(back) == "and back"
    alice.revoke(shared)
    left = processes(alice)
    alice.stop()
    assert not [pid for pid in left.values() if os.path.exists(f"/proc/{pid}")]


def test_serves_again_when_its_storage_was_killed(isolated_pair):
    alice, bob = isolated_pair
    before = alice.share("before", "bob")["data_hash"]
    for component in ("main", "transport"):
        old = processes(alice)[component]
        os.kill(old, signal.SIGKILL)
        until(lambda: processes(alice).get(component, old) != old, f"{component} has a new process")
        after = until(lambda: share_or_nothing(alice, f"after {component}"), "alice shares again")
        assert alice.text(before) == "before"
        until(lambda: bob.status_of(after) == 200, "bob opens it")
    assert "component (storage.rocksdb, pid" in alice.log and "was killed by signal 9" in alice.log


def share_or_nothing(node, text):
    """What failed for want of the process is told as something to retry."""
    answer = node.try_share(text, "bob")
    assert answer.status_code in (200, 503), f"{answer.status_code} {answer.text}"
    return answer.json()["data_hash"] if answer.status_code == 200 else None


def test_the_node_takes_its_processes_with_it(isolated_pair):
    alice, _ = isolated_pair
    left = processes(alice)
    alice.kill()
    until(lambda: not [pid for pid in left.values() if os.path.exists(f"/proc/{pid}")], "no process is left")
