"""A node whose disk is full: it says what to do, loses nothing that it acknowledged, and goes on when there is room."""

import os
import re
import resource
import shutil
import subprocess
from pathlib import Path

import pytest

from nodes import until

SIZE = 32 << 20
ROOM = 12 << 20  # what is there in the end


class SmallDisk:
    """A file system of a few MiB. It is in a mount namespace, which a normal user may have with a user namespace; it
    lives as long as its holder, and a node enters it by `wrapper`."""

    error, hint = "disk full", "free space"
    recovers = True

    def __init__(self, place):
        script = f"mount -t tmpfs -o size={SIZE} small '{place}' && echo mounted && exec cat"
        self.holder = subprocess.Popen(["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if self.holder.stdout.readline() != b"mounted\n":
            self.close()
            raise PermissionError("this system gives this user no mount namespace")
        self.wrapper = ["nsenter", "--preserve-credentials", "--user", "--mount", "--target", str(self.holder.pid)]
        self.path = Path(f"/proc/{self.holder.pid}/root{place}")  # as this process sees it
        self.filler = self.path / "filler"

    def fill(self, _, most=SIZE):
        """So many bytes, or all that there is room for."""
        with open(self.filler, "ab", buffering=0) as file:
            try:
                for _ in range(most // 4096):
                    file.write(b"x" * 4096)
            except OSError:
                pass

    def free(self, _):
        self.filler.unlink()

    def close(self):
        self.holder.stdin.close()
        self.holder.wait(timeout=30)
        self.holder.stdout.close()


class SmallFiles:
    """Where nobody may have a disk of his own: files that may not grow. The storage wants a restart after that."""

    error, hint = "", "disk"
    recovers = False
    wrapper = ["sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh"]

    def __init__(self, place):
        self.path = place

    def fill(self, node, _=0):
        resource.prlimit(node.process.pid, resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))

    def free(self, node):
        if node.process:
            resource.prlimit(node.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)

    def close(self):
        pass


@pytest.fixture(params=[SmallDisk, SmallFiles])
def small_disk(request, tmp_path):
    place = tmp_path / "small"
    place.mkdir()
    try:
        disk = request.param(place)
    except PermissionError:
        disk = SmallFiles(place)
    yield disk
    disk.close()


@pytest.fixture
def alice(small_disk, make_node, tmp_path):
    """A node whose storage is on the small disk."""
    node = make_node("alice")
    shutil.copytree(node.home / "data" / "db", small_disk.path / "db")
    node.edit('path: "${node.data}/db"', f'path: "{tmp_path}/small/db", cache: 1MiB, write_buffer: 1MiB')
    node.wrapper = small_disk.wrapper
    yield node.start()
    node.kill()  # before its disk goes


def share(node, content):
    return node.request("POST", "/share_data", params={"recipient": "alice"}, data=content,
                        headers={"Content-Type": "application/octet-stream"})


def share_until_full(node, size, acknowledged):
    """Shares until it is refused; the answer that refused it."""
    while True:
        content = os.urandom(size)
        answer = share(node, content)
        if answer.status_code != 200:
            return answer
        acknowledged[answer.json()["data_hash"]] = content
        assert len(acknowledged) * size < 2 * SIZE, "more than the disk holds was acknowledged"


def says_what_to_do(answer, disk):
    assert answer.status_code == 503, answer.text
    body = answer.json()
    assert body["code"] == "unavailable"
    assert disk.error in body["error"], body
    assert disk.hint in body["hint"], body


def share_works(node, acknowledged):
    content = os.urandom(1 << 20)
    answer = share(node, content)
    if answer.status_code == 200:
        acknowledged[answer.json()["data_hash"]] = content
    return answer.status_code == 200


def check_all(node, acknowledged, admin):
    for data_hash, content in acknowledged.items():
        answer = node.raw(data_hash)
        assert answer.status_code == 200, answer.text
        assert answer.content == content
        assert node.verified(data_hash)
    audit = node.request("POST", "/ledger/audit", key=admin, internal=True)
    assert audit.status_code == 200, audit.text
    assert audit.json()["size"] >= len(acknowledged)
    assert {item["data_hash"] for item in node.list(limit=1000)[0]} == set(acknowledged), "nothing half done is listed"


def test_a_full_disk(alice, small_disk):
    admin = alice.cli("apikey", "create", "auditor", "--scope", "admin")["key"]
    small_disk.fill(alice, ROOM)
    acknowledged = {}
    says_what_to_do(share_until_full(alice, 1 << 20, acknowledged), small_disk)
    small_disk.fill(alice)
    says_what_to_do(share_until_full(alice, 20_000, acknowledged), small_disk)
    assert len(acknowledged) > 3
    assert alice.process.poll() is None
    storage = [c for c in alice.get("/health", internal=True).json()["components"] if c["plugin"] == "storage.rocksdb"]
    assert storage[0]["state"] == "degraded", storage
    assert re.search("disk full|No space left|too large", storage[0]["detail"]), storage

    small_disk.free(alice)
    if not small_disk.recovers:
        alice.stop()
        alice.start()
    until(lambda: share_works(alice, acknowledged), "it shares again, for there is room")
    check_all(alice, acknowledged, admin)
    alice.stop()
    alice.start()
    check_all(alice, acknowledged, admin)
    left = {path.name.split(".")[0] for path in (small_disk.path / "db").rglob("sha256:*")}
    assert left <= set(acknowledged), "the start has removed what refused shares had left"


def test_killed_on_a_full_disk(alice, small_disk):
    """What was acknowledged before is there, and of what was refused nothing."""
    admin = alice.cli("apikey", "create", "auditor", "--scope", "admin")["key"]
    small_disk.fill(alice, ROOM)
    acknowledged = {}
    share_until_full(alice, 300_000, acknowledged)
    small_disk.fill(alice)
    share_until_full(alice, 300, acknowledged)
    assert acknowledged
    alice.kill()
    small_disk.free(alice)
    alice.start()
    check_all(alice, acknowledged, admin)
