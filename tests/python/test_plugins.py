"""Plugins written in Python, mounted by the plugin `python` in this process: what works, and what every kind of bug in
one leads to. conformance_test.cpp runs the suites of the facets; test_plugin_daemon.py mounts them in the daemon.
"""

import asyncio
import threading
from contextlib import ExitStack
from datetime import datetime, timezone

import pytest

import drawbridge
from conftest import TOP

PLUGINS = TOP / "tests" / "python" / "plugins"


@pytest.fixture
def mount():
    """Mounts a class of tests/python/plugins until the test ends, and lets go what hangs."""
    with ExitStack() as stack:
        def make(module, name, **options):
            options = {"path": PLUGINS, **options}
            made = drawbridge.component("python", "main", module=module, **{"class": name}, **options)
            return stack.enter_context(made)

        yield make
        bugs = __import__("sys").modules.get("bugs")
        if bugs:
            bugs.released.set()
    if bugs:
        bugs.released.clear()


def fails(mount, module, name, **options):
    with pytest.raises(drawbridge.Error) as raised:
        mount(module, name, **options)
    return str(raised.value)


def test_a_component_has_the_facets_of_its_class_and_no_others(mount):
    assert mount("memory_store", "Store").facets == ["Blobs", "Records"]
    assert mount("facets", "Suite").facets == ["CipherSuite"]
    assert mount("facets", "Keeper").facets == ["Keeper"]


@pytest.mark.parametrize("name", ["Store", "AsyncStore"])
def test_records_and_blobs(mount, name):
    store = mount("memory_store", name)
    store[b"k"] = b"v"
    assert store[b"k"] == b"v" and b"other" not in store
    with pytest.raises(drawbridge.Conflict):
        store.commit(drawbridge.Batch().expect_absent(b"k").put(b"k", b"w"))
    assert list(store.items()) == [(b"k", b"v")]
    id = store.put(b"content" * 1000)
    assert store.read(id, 7, 7) == b"content"
    assert store.stat(id).size == 7000 and [blob.id for blob in store.blobs()] == [id]
    assert store.erase(id) and not store.erase(id)
    with pytest.raises(drawbridge.NotFound):
        store.read(id, 0, 1)


def test_many_calls_at_once(mount):
    store = mount("bugs", "Slow", threads=8)

    async def all_at_once():
        return await asyncio.gather(*(store.aget(b"%d" % i) for i in range(40)))

    assert asyncio.run(all_at_once()) == [b"%d" % i for i in range(40)]


def test_what_a_caller_does_wrong_never_reaches_the_class(mount):
    store = mount("memory_store", "Store")
    with pytest.raises(drawbridge.Invalid):
        store.commit(drawbridge.Batch().put(b"", b"v"))
    with pytest.raises(drawbridge.Invalid):
        store.scan(b"", b"", 0)
    assert store.get(b"") is None
    with store.create() as writer, pytest.raises(drawbridge.Invalid):
        writer.commit("../escape")


def test_a_writer_that_is_let_go_is_closed(mount):
    store = mount("memory_store", "Store", threads=1)
    writer = store.create()
    writer.write(b"x")
    writer.close()
    store.get(b"k")  # behind the close, on the one thread
    assert list(store.blobs()) == []


def test_a_keeper(mount):
    keeper = mount("facets", "Keeper")
    now = datetime.now(timezone.utc)
    grant = drawbridge.Grant("sha256:ab", "node_a", "node_b", {"recipient": "node_b"}, "toy", now)
    assert keeper.keeper == "toy"
    assert keeper.entrust(grant, bytes(32)) == b"wrapped:" + bytes(32)
    assert keeper.release("sha256:ab", "node_b") == b"wrapped:" + bytes(32)
    with pytest.raises(drawbridge.NotFound):
        keeper.release("sha256:cd", "node_b")
    keeper.revoke("sha256:ab", "node_b")
    with pytest.raises(drawbridge.Gone):
        keeper.release("sha256:ab", "node_b")


def test_a_ledger(mount, tmp_path):
    password = tmp_path / "pw"
    password.write_text("a password for this test\n")
    password.chmod(0o600)
    ledger = mount("facets", "Ledger", password_file=password)
    first = ledger.record("shared", "sha256:ab", asset="sha256:ab", owner="me")
    ledger.record("released", "sha256:ab", asset="sha256:ab")
    assert len(ledger) == 2 and [event.type for event in ledger] == ["shared", "released"]
    assert ledger.event(0) == first and ledger.event(2) is None
    assert [event.index for event in ledger.find("sha256:ab")] == [0, 1]
    assert ledger.audit() == ledger.head() and len(ledger.consistency(1, 2)) == 1
    assert ledger.checkpoint() in ledger.proof(0, True)
    with pytest.raises(drawbridge.Error):
        ledger.proof(7, False)


def test_a_suite(mount):
    suite = mount("facets", "Suite")
    assert suite.suite == "fernet" and suite.algorithms()
    keys = suite.generate_signature_keys()
    mark = suite.sign(keys.private_key, b"message")
    assert suite.verify(keys.public_key, b"message", mark) and not suite.verify(keys.public_key, b"other", mark)
    cipher = suite.chunk_cipher(bytes(32), b"header")
    sealed = cipher.seal(0, True, b"plain")
    assert len(bytes(sealed)) == cipher.sealed_size(5) and bytes(cipher.open(0, True, sealed)) == b"plain"
    with pytest.raises(drawbridge.CannotOpen):
        cipher.open(1, True, sealed)
    with pytest.raises(drawbridge.CannotOpen):
        suite.open_small(bytes(32), b"", b"nonsense")


def test_options_of_the_class(mount, tmp_path):
    store = mount("bugs", "Optioned", file=tmp_path / "f", limit=7, size="2MiB", on=True, word="b", many=["x", "y"])
    assert store[b"seen"] == b"('f', 7, 2097152, True, 'b', ['x', 'y'])"
    assert "is missing" in fails(mount, "bugs", "Optioned")
    said = fails(mount, "bugs", "Optioned", file="f", limit=11, word="c", other=1)
    assert "`limit`" in said and "`word`" in said and "unknown option `other`" in said
    assert "no name with a drawbridge.Option" in fails(mount, "bugs", "BadOptions")
    assert "declared with values of a wrong type" in fails(mount, "bugs", "BadDefault")


@pytest.mark.parametrize("module, name, said", [
    ("no_such_module", "Store", "there is no module `no_such_module`"),
    ("memory_store", "Stoer", "has no class `Stoer`, did you mean `Store`?"),
    ("bugs", "not_a_class", "is no class but a int"),
    ("bugs", "NoFacet", "has no facet"),
    ("bugs", "Half", "lacks `commit`, `scan`"),
    ("bugs", "Both", "one class cannot be Records and Blobs and Keeper at once"),
    ("bugs", "FailsToStart", "ValueError: no such disk (bugs.py:"),
    ("broken.syntax", "Store", "SyntaxError: invalid syntax (syntax.py:1)"),
    ("broken.exits", "Store", "SystemExit: the code asked to end the process (4) (exits.py:3)"),
    ("broken.lacks", "Store", "ModuleNotFoundError: No module named 'no_such_library' (lacks.py:1)"),
    ("broken.raises", "Store", "ValueError: at import (raises.py:2)"),
])
def test_what_cannot_be_mounted_says_why(mount, module, name, said):
    assert said in fails(mount, module, name)


def test_an_import_that_hangs(mount):
    assert "has not ended within 200ms" in fails(mount, "broken.hangs", "Store", call_timeout="200ms")


@pytest.mark.parametrize("name, said", [
    ("Raises", "python plugin 'main': get: KeyError: 'nothing' (bugs.py:"),
    ("RaisesOddly", "python plugin 'main': get: Odd (bugs.py:"),
    ("Exits", "get: SystemExit: the code asked to end the process (3) (bugs.py:"),
    ("AsyncExits", "get: SystemExit: the code asked to end the process (3) (bugs.py:"),
    ("Recurses", "get: RecursionError: maximum recursion depth exceeded"),
    ("Eats", "get: MemoryError (bugs.py:"),
    ("Allocates", "get: MemoryError (bugs.py:"),
    ("TakesMore", "get: TypeError: TakesMore.get() missing 1 required positional argument: 'more'"),
    ("Returns", "get: returned int, not bytes or None"),
])
def test_a_bug_is_an_error_of_its_call(mount, name, said):
    store, other = mount("bugs", name), mount("memory_store", "Store")
    for _ in range(3):
        with pytest.raises(drawbridge.Internal) as raised:
            store.get(b"k")
        assert said in str(raised.value)
    other[b"k"] = b"v"
    assert other[b"k"] == b"v"
    store.scan(b"", b"", 1) if name != "Returns" else None
    assert store.health().state == "ok"


def test_wrong_types_name_the_method_and_both_types(mount):
    store = mount("bugs", "Returns")
    for call, said in [
        (lambda: store.scan(b"", b"", 1), "scan: returned list, not a RecordsPage of (bytes, bytes)"),
        (lambda: store.stat("a"), "stat: returned str, not a BlobInfo or None"),
        (lambda: store.readinto("a", 0, bytearray(5)), "read: returned bytes, not bytes (more than the 5 that were"),
        (lambda: store.erase("a"), "erase: returned int, not True or False"),
        (lambda: store.list(), "list: returned BlobsPage, not a BlobsPage of BlobInfo (out of order)"),
        (lambda: store.create(), "create: returned object, not a drawbridge.BlobWriter"),
    ]:
        with pytest.raises(drawbridge.Internal) as raised:
            call()
        assert said in str(raised.value)


def test_a_call_that_hangs_is_unavailable_and_holds_one_thread(mount):
    store = mount("bugs", "Hangs", call_timeout="100ms", threads=2)
    store[b"k"] = b"v"
    with pytest.raises(drawbridge.Unavailable) as raised:
        store.get(b"k")
    assert "python plugin 'main': get: no answer within 100ms" in str(raised.value)
    health = store.health()
    assert health.state == "degraded" and "`get` has not returned" in health.detail and "1 of 2" in health.detail
    assert store.scan(b"", b"", 5).records == [(b"k", b"v")]
    with pytest.raises(drawbridge.Unavailable):
        store.get(b"k")
    assert store.health().state == "failed"
    with pytest.raises(drawbridge.Unavailable) as raised:
        store.scan(b"", b"", 5)
    assert "all 2 threads are held" in str(raised.value)
    other = mount("memory_store", "Store")
    other[b"k"] = b"v"
    assert other[b"k"] == b"v"


def test_a_hung_call_that_ends_gives_its_thread_back(mount):
    store = mount("bugs", "Hangs", call_timeout="100ms", threads=1)
    with pytest.raises(drawbridge.Unavailable):
        store.get(b"k")
    assert store.health().state == "failed"
    __import__("sys").modules["bugs"].released.set()
    deadline = threading.Event()
    for _ in range(500):
        if store.health().state == "ok":
            break
        deadline.wait(0.01)
    assert store.health().state == "ok" and store.scan(b"", b"", 5).records == []


def test_a_coroutine_that_hangs_is_cancelled(mount):
    store = mount("bugs", "AsyncHangs", call_timeout="100ms", threads=1)
    for _ in range(3):
        with pytest.raises(drawbridge.Unavailable) as raised:
            store.get(b"k")
        assert "get: no answer within 100ms" in str(raised.value)
    assert store.scan(b"", b"", 5).records == []


def test_a_coroutine_that_blocks_the_loop_shows_in_the_health(mount):
    store = mount("bugs", "AsyncBlocks", call_timeout="100ms")
    with pytest.raises(drawbridge.Unavailable):
        store.get(b"k")
    health = store.health()
    assert health.state == "degraded" and "holds the event loop" in health.detail
    assert store.scan(b"", b"", 5).records == []


def test_a_start_that_hangs_is_refused(mount):
    assert "start: no answer within 100ms" in fails(mount, "bugs", "StartsNever", call_timeout="100ms")


def test_a_stop_that_fails_still_stops(mount):
    store = mount("bugs", "StopFails")
    store.close()
    with pytest.raises(drawbridge.Unavailable):
        store.get(b"k")


def test_health_is_what_the_class_says(mount):
    store = mount("bugs", "Sick")
    waiting = threading.Event()
    for _ in range(500):
        if store.health().state == "degraded":
            break
        waiting.wait(0.01)
    assert store.health() == drawbridge.Health("degraded", "a cough")


def test_two_modules_of_one_name(mount, tmp_path):
    mount("memory_store", "Store")
    (tmp_path / "memory_store.py").write_text("class Store: pass\n")
    assert "is already loaded from" in fails(mount, "memory_store", "Store", path=tmp_path)
