"""`drawbridge storage`: a whole node's data moves to another storage, and nobody notices."""

import json
import os
import resource
import signal
import subprocess

import pytest

from nodes import DRAWBRIDGE, until

# The engines that keep their data; a new one is one more word here.
ENGINES = ["rocksdb", "sqlite", "lmdb"]


def add_storage(node, name, engine="rocksdb"):
    node.edit("storage:\n", f'storage:\n  {name}: {{plugin: storage.{engine}, path: "${{node.data}}/{name}"}}\n')


@pytest.fixture
def alice(make_node):
    """A node with data in its storage, which is called main; it does not run."""
    alice = make_node("alice").start()
    alice.shared = {alice.share(f"text {i}", "alice")["data_hash"]: f"text {i}" for i in range(20)}
    alice.large = os.urandom(3_000_000)
    alice.large_hash = alice.share_raw(alice.large, "alice")["data_hash"]
    alice.stop()
    return alice


def check_data(alice):
    for data_hash, text in alice.shared.items():
        assert alice.text(data_hash) == text
    assert alice.raw(alice.large_hash).content == alice.large
    assert alice.verified(alice.large_hash)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_node_moves_to_another_storage_and_back(alice, engine):
    add_storage(alice, "next", engine)
    add_storage(alice, "again")
    before = alice.cli("storage", "hash", "main")
    assert before["records"] > 50 and before["blobs"] == 21
    copied = alice.cli("storage", "copy", "main", "next")
    assert copied["hash"] == before["hash"] and copied["resumed"] is False
    assert alice.cli("storage", "hash", "next")["hash"] == before["hash"]
    assert alice.cli("storage", "copy", "next", "again")["hash"] == before["hash"]
    alice.edit("records: main", "records: next")
    alice.edit("blobs: main", "blobs: next")
    alice.start()
    check_data(alice)
    alice.share("one more", "alice")
    alice.stop()
    assert alice.cli("storage", "hash", "next")["hash"] != before["hash"]
    assert alice.cli("storage", "hash", "main")["hash"] == before["hash"], "the source stays as it is"


def test_readable_output_and_a_second_run(alice):
    add_storage(alice, "next")
    done = alice.try_cli("storage", "copy", "main", "next")
    assert done.returncode == 0, done.stderr
    assert "sha256:" in done.stdout and "name `next`" in done.stderr
    again = alice.cli("storage", "copy", "main", "next")
    assert again["resumed"] is True, "all of it was there"


def test_a_running_node_is_left_alone(alice):
    add_storage(alice, "next")
    alice.start()
    for command in (["copy", "main", "next"], ["hash", "main"]):
        done = alice.try_cli("storage", *command)
        assert done.returncode != 0
        assert f"process {alice.process.pid}" in done.stderr, done.stderr
        assert "hint:" in done.stderr
    check_data(alice)


def small_files():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))


def test_a_full_disk_in_the_middle(alice):
    add_storage(alice, "next")
    done = subprocess.run([DRAWBRIDGE, "--home", alice.home, "storage", "copy", "main", "next"], capture_output=True,
                          text=True, timeout=60, preexec_fn=small_files)
    assert done.returncode != 0
    assert "the copy stopped in the middle" in done.stderr, done.stderr
    assert "run the same command again" in done.stderr
    copied = alice.cli("storage", "copy", "main", "next")
    assert copied["resumed"] is True
    assert copied["hash"] == alice.cli("storage", "hash", "main")["hash"]


def test_killed_again_and_again(alice):
    """Each time at another moment; the target is slow so that there are many."""
    add_storage(alice, "disk")
    alice.edit("storage:\n", "storage:\n  next: {plugin: storage.slow, over: disk, calls: writes, delay: 20ms}\n")
    resumed = 0
    for attempt in range(100):
        process = subprocess.Popen([DRAWBRIDGE, "--home", alice.home, "--json", "storage", "copy", "main", "next"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            out, err = process.communicate(timeout=0.15 + attempt * 0.05)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            continue
        assert process.returncode == 0, out + err
        resumed = json.loads(out)["resumed"]
        break
    assert resumed, "no run was killed in the middle"
    assert alice.cli("storage", "hash", "disk")["hash"] == alice.cli("storage", "hash", "main")["hash"]


@pytest.mark.parametrize("arguments, text", [
    (["copy", "main", "nxet"], "no component is called `nxet`, did you mean `next`?"),
    (["copy", "main", "ledger"], "is no storage"),
    (["copy", "main", "main"], "the same component"),
    (["copy", "main"], "to"),
    (["hash"], "name"),
])
def test_wrong_usage(make_node, arguments, text):
    node = make_node("alice")
    add_storage(node, "next")
    done = node.try_cli("storage", *arguments)
    assert done.returncode != 0
    assert done.stderr.startswith("error:") and text in done.stderr.lower(), done.stderr


def test_a_mirror_of_a_running_node(alice):
    """What main has is taken over; a disk that goes away is noticed and caught up with."""
    add_storage(alice, "far")
    outage = alice.home / "outage"
    alice.edit("storage:\n", "storage:\n  away: {plugin: storage.faulty, over: far, per_million: 1000000, "
               f'only_while: "{outage}"}}\n  both: {{plugin: storage.mirror, first: main, second: away, retry: 50ms}}\n'
               "  cached: {plugin: storage.cache, over: both}\n")
    alice.edit("records: main", "records: cached")
    alice.edit("blobs: main", "blobs: cached")
    alice.start()

    def state():
        return {each["name"]: each for each in alice.cli("status")["components"]}["both"]["state"]

    until(lambda: state() == "ok", "everything was copied")
    check_data(alice)
    outage.touch()
    alice.shared[alice.share("during the outage", "alice")["data_hash"]] = "during the outage"
    assert state() == "degraded"
    check_data(alice)
    outage.unlink()
    until(lambda: state() == "ok", "the far storage is up to date")
    alice.stop()
    assert alice.cli("storage", "hash", "main")["hash"] == alice.cli("storage", "hash", "far")["hash"]
