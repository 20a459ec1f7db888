"""Files of a node home that are not as they should be: the node refuses to run, and says what to do."""

import os
import re
import shutil

import pytest

from nodes import BUILD, Node
from test_trust import hinted, refused


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    node = Node(tmp_path_factory.mktemp("files"), "alice")
    yield node
    node.kill()


@pytest.fixture
def alice(node):
    """One home for all tests of this file, put in order after each."""
    files = {path: path.read_bytes() for path in (node.config, node.password_file, key_file(node))}
    yield node
    node.kill()
    node.environment, node.wrapper = {}, []
    for path, content in files.items():
        if path.is_dir():
            path.rmdir()
        path.write_bytes(content)
        path.chmod(0o600)


def key_file(node):
    return node.home / "data" / "keys.json"


@pytest.mark.parametrize("damage", [
    lambda content: b"", lambda content: content[:len(content) // 2], lambda content: b"\0" * len(content),
    lambda content: content.replace(b'"current_version":1', b'"current_version":2').replace(
        b'"current_version": 1', b'"current_version": 2'),
], ids=["empty", "truncated", "zeros", "another version"])
def test_a_corrupt_key_file(alice, damage):
    good = key_file(alice).read_bytes()
    bad = damage(good)
    assert bad != good
    key_file(alice).write_bytes(bad)
    hinted(alice.fails_to_run(), "keys.json", "backup")
    assert key_file(alice).read_bytes() == bad, "it is left for who repairs it"
    key_file(alice).write_bytes(good)
    alice.start()


def test_a_key_file_that_is_gone(alice):
    """A new one would open nothing that is stored."""
    key_file(alice).rename(alice.home / "elsewhere.json")
    refused(alice.fails_to_run(), "key")
    (alice.home / "elsewhere.json").rename(key_file(alice))
    alice.start()


def test_a_secret_that_cannot_be_read(alice):
    if os.geteuid() == 0:  # root reads all, unless that is taken from it
        alice.wrapper = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    alice.password_file.chmod(0)
    refused(alice.fails_to_run(), "master.pw", "ermission")
    alice.password_file.chmod(0o600)
    alice.start()


def test_a_secret_that_is_a_folder(alice):
    alice.password_file.unlink()
    (alice.home / "master.pw").mkdir(mode=0o700)
    refused(alice.fails_to_run(), "master.pw")


@pytest.mark.parametrize("make", [
    lambda path: path.write_text("no library"),
    lambda path: path.write_bytes(b""),
    lambda path: path.write_bytes(b"\x7fELF" + b"\0" * 1000),
    lambda path: shutil.copy("/lib/x86_64-linux-gnu/libc.so.6", path),
], ids=["text", "empty", "hollow", "foreign"])
def test_a_plugin_that_is_none(alice, tmp_path, make):
    folder = tmp_path / "plugins"
    folder.mkdir()
    make(folder / "storage.rocksdb.so")
    alice.environment = {"DRAWBRIDGE_PLUGINS": f"{folder}:{BUILD}/plugins"}
    refused(alice.fails_to_run(), "storage.rocksdb.so", "node.yaml:", "put the plugin's library of this build there")
    assert alice.try_cli("check", alice.config).returncode != 0


def test_a_plugin_of_another_build(alice, tmp_path):
    """Both builds are named, and nothing of the library was run."""
    folder = tmp_path / "plugins"
    folder.mkdir()
    content = (BUILD / "plugins" / "storage.rocksdb.so").read_bytes()
    tag = re.search(rb"(gcc|clang)-\d+ lib[^\0]*", content)[0]
    other = tag.replace(b"-", b"_", 1)
    (folder / "storage.rocksdb.so").write_bytes(content.replace(tag, other))
    alice.environment = {"DRAWBRIDGE_PLUGINS": f"{folder}:{BUILD}/plugins"}
    refused(alice.fails_to_run(), "storage.rocksdb", f"'{other.decode()}'", f"'{tag.decode()}'", "rebuild the plugin")


def test_a_plugin_that_is_not_there(alice, tmp_path):
    alice.environment = {"DRAWBRIDGE_PLUGINS": str(tmp_path)}
    refused(alice.fails_to_run(), "storage.rocksdb", str(tmp_path))


def test_a_cycle(alice):
    alice.environment = {"DRAWBRIDGE_PLUGINS": f"{BUILD}/plugins:{BUILD}/tests/services/plugins"}
    alice.edit("suite: {plugin: cipher.fernet}",
               "suite: {plugin: test.suite, inner: other}\n  other: {plugin: test.suite, inner: suite}")
    refused(alice.fails_to_run(), "cycle", "suite", "other", "node.yaml:")


@pytest.mark.parametrize("old, new, words", [
    ("plugin: service.assets,", "plugin: service.assets, prefetch: perhaps,", ["prefetch", "true"]),
    ("plugin: service.assets,", "plugin: service.assets, prefetch_limit: many,", ["prefetch_limit", "many"]),
    ("plugin: service.assets,", "plugin: service.assets, peer_timeout: 5,", ["peer_timeout", "5"]),
    ("plugin: service.assets,", "plugin: service.assets, prefetch_limt: 1GiB,", ["did you mean `prefetch_limit`"]),
], ids=["flag", "size", "duration", "name"])
def test_a_mistyped_option(alice, old, new, words):
    alice.edit(old, new)
    refused(alice.fails_to_run(), "node.yaml:", *words)
