"""The end of things: interpreter exit, fork, Ctrl-C, threads, leaks."""

import asyncio
import gc
import os
import signal
import resource
import sys
import threading

import pytest

import drawbridge
from conftest import engines, open_storage, run_python

OPEN = """
import drawbridge, sys, tempfile
store = drawbridge.storage("storage.rocksdb", path=tempfile.mkdtemp())
store[b"k"] = b"v"
"""


def expect_clean(done):
    assert done.returncode == 0 and "Fatal" not in done.stderr, f"{done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("leak", [
    "",
    "sys.modules['leaked'] = store",
    "writer = store.create(); writer.write(b'x'); reader = store.open(store.put(b'y'))",
    "store.self = store",
    "items = store.items(); next(items)",
    "import threading; threading.Thread(target=lambda: [store.get(b'k') for _ in iter(int, 1)], daemon=True).start()",
    "import asyncio\nasync def main(): store.aset(b'a', b'b')\nasyncio.run(main())",
    "import atexit; atexit.register(lambda: print('late', store.closed))",
    "raise SystemExit(0)",
])
def test_exit_with_leaked_objects(leak):
    expect_clean(run_python(OPEN + leak))


def test_exit_closes_what_is_open(tmp_path):
    """Handlers run last in, first out: what was registered before the import runs after the module's own."""
    out = expect_clean(run_python(f"""
import atexit
atexit.register(lambda: print(store.closed, node.running))
import drawbridge
store = drawbridge.storage("storage.memory")
text = "node: {{name: x}}\\nlog: {{level: error}}\\nstorage: {{main: {{plugin: storage.memory}}}}"
node = drawbridge.Node({str(tmp_path / 'node.yaml')!r}, text=text).start()
node["main"][b"k"] = b"v"
"""))
    assert out.strip() == "True False"


def test_fork():
    """The child may not use what the parent opened, and may open its own; the parent notices nothing."""
    out = expect_clean(run_python("""
import drawbridge, os
store = drawbridge.storage("storage.memory")
store[b"k"] = b"parent"
child = os.fork()
if child == 0:
    try:
        store[b"k"]
    except drawbridge.Unavailable as error:
        assert "forked" in str(error)
    else:
        os._exit(3)
    store.close()
    own = drawbridge.storage("storage.memory")
    own[b"k"] = b"child"
    assert own[b"k"] == b"child"
    raise SystemExit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert store[b"k"] == b"parent"
print("done")
"""))
    assert out == "done\n"


def test_multiprocessing_by_fork_and_spawn(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("""
import multiprocessing, drawbridge

def work(number):
    with drawbridge.storage("storage.memory") as store:
        store[b"k"] = b"%d" % number
        return store[b"k"]

if __name__ == "__main__":
    with drawbridge.storage("storage.memory") as held:
        for method in ("fork", "spawn"):
            with multiprocessing.get_context(method).Pool(2) as pool:
                assert pool.map(work, range(4)) == [b"0", b"1", b"2", b"3"]
    print("done")
""")
    assert expect_clean(run_python(f"import runpy; runpy.run_path({str(script)!r}, run_name='__main__')")
                        ) == "done\n"


def test_ctrl_c_interrupts_a_call_that_waits(pair):
    """SIGINT while the main thread waits in C++: KeyboardInterrupt, and the process goes on."""
    alice, bob = pair
    began = threading.Event()

    def wait(stream):
        began.set()
        for _ in stream:
            pass

    def interrupt():
        assert began.wait(30)
        os.kill(os.getpid(), 2)

    # A shell that starts a command in the background has it ignore SIGINT.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    bob.transport.serve("test.interrupt/1", wait)
    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        with alice.transport.open(bob.identity.node_id, "test.interrupt/1") as stream:
            stream.send(b"here")
            with pytest.raises(KeyboardInterrupt):
                stream.receive()
        assert alice.status()
    finally:
        thread.join()
        signal.signal(signal.SIGINT, before)
        bob.transport.withdraw("test.interrupt/1")


def test_several_threads(store):
    """Each thread has its own keys, all share one counter, changed by compare and swap."""
    store[b"count"] = b"0"
    failures = []

    def work(number):
        try:
            for i in range(100):
                store[b"%d/%d" % (number, i)] = b"%d" % i
                assert store[b"%d/%d" % (number, i)] == b"%d" % i
                while True:
                    before = store[b"count"]
                    batch = drawbridge.Batch().expect(b"count", before).put(b"count", b"%d" % (int(before) + 1))
                    try:
                        store.commit(batch)
                        break
                    except drawbridge.Conflict:
                        continue
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == [] and store[b"count"] == b"400"
    assert len(list(store.items())) == 401


def test_other_threads_run_while_cplusplus_works(suite):
    """A derivation takes long and holds no GIL: a Python thread counts meanwhile."""
    stop, count = threading.Event(), [0]

    def tick():
        while not stop.is_set():
            count[0] += 1

    thread = threading.Thread(target=tick)
    thread.start()
    before = count[0]
    suite.derive(b"password", b"salt" * 4, suite.password_parameters())
    after = count[0]
    stop.set()
    thread.join()
    assert after - before > 1000


def rss():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


def use(store, suite, value):
    """One of everything that crosses the border, with its errors."""
    store[b"k"] = value
    assert store[b"k"] == value and store.get(b"none") is None
    memoryview(store.get_buffer(b"k")).release()
    for attempt in (lambda: store[b"none"], lambda: store.commit(drawbridge.Batch().expect_absent(b"k")),
                    lambda: store["text"], lambda: store.read("none")):
        with pytest.raises((KeyError, TypeError, drawbridge.Error)):
            attempt()
    list(store.items())
    id = store.put(value)
    store.read(id, 1, 100)
    with store.open(id) as file:
        file.read(10)
    store.erase(id)
    writer = store.create()
    writer.write(value)
    del writer
    suite.open_small(bytes(32), b"", suite.seal_small(bytes(32), b"", value))
    suite.chunk_cipher(bytes(32), b"").seal(0, True, value)
    with pytest.raises(drawbridge.CannotOpen):
        suite.open_small(bytes(32), b"x", b"no")


async def ause(store, value):
    await store.aset(b"k", value)
    assert await store.aget(b"k") == value
    with pytest.raises(drawbridge.Conflict):
        await store.acommit(drawbridge.Batch().expect_absent(b"k"))
    task = asyncio.ensure_future(store.aget(b"k"))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("plugin", engines())
def test_nothing_leaks(plugin, tmp_path):
    """References stay as they were, and memory stays flat, over many iterations of everything."""
    # An engine on disk buffers what is written, which is no leak: there it is little.
    value = os.urandom(20_000 if plugin == "storage.memory" else 200)
    with open_storage(plugin, tmp_path) as store, drawbridge.cipher("cipher.fernet") as suite:
        def rounds(count):
            for _ in range(count):
                use(store, suite, value)
            asyncio.run(repeat(count))
            gc.collect()

        async def repeat(count):
            for _ in range(count):
                await ause(store, value)

        rounds(100)
        watched = (value, store, drawbridge.Conflict, drawbridge.MissingKey, drawbridge.RecordsPage, None.__class__)
        references, objects, memory = [sys.getrefcount(o) for o in watched], len(gc.get_objects()), rss()
        rounds(300)
        assert [sys.getrefcount(o) for o in watched] == references
        assert len(gc.get_objects()) - objects < 100
        # A leak of one value an iteration would be 300 times 20 kB, each of several times.
        assert rss() - memory < 3_000_000, f"{rss() - memory} bytes more"


def test_opening_and_closing_leaks_nothing(tmp_path):
    def once():
        with drawbridge.storage("storage.memory") as store:
            store[b"k"] = bytes(100_000)
            store.get_buffer(b"k")

    for _ in range(50):
        once()
    gc.collect()
    memory, threads = rss(), len(os.listdir("/proc/self/task"))
    for _ in range(300):
        once()
    gc.collect()
    assert rss() - memory < 5_000_000 and len(os.listdir("/proc/self/task")) == threads
