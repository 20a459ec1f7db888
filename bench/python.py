"""What the Python module costs: single calls, a large blob against C++, and storages against other Python libraries.

Run by bench/run.py, which imports `measure(report, work, rounds)`. Needs the module in build/python; plyvel (LevelDB)
and sqlite3 are what it is compared with.
"""

import os
import pathlib
import sqlite3
import statistics
import subprocess
import sys
import time

BUILD = pathlib.Path(os.environ.get("DRAWBRIDGE_BUILD", pathlib.Path(__file__).resolve().parent.parent / "build"))
LARGE = 64 << 20
VALUE = os.urandom(100)


def seconds(function, *arguments):
    begin = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - begin


def side_by_side(rounds, *functions):
    """Medians of each, taken A B A B."""
    times = [[] for _ in functions]
    for _ in range(rounds):
        for function, taken in zip(functions, times):
            taken.append(seconds(function))
    return [statistics.median(taken) for taken in times]


def measure_calls(report, drawbridge, rounds):
    loops = 200_000
    with drawbridge.storage("storage.memory") as store:
        store[b"key"] = VALUE

        def get():
            for _ in range(loops):
                store[b"key"]

        def put():
            for _ in range(loops):
                store[b"key"] = VALUE

        for name, function, bound in (("get", get, 2000), ("put", put, None)):
            ns = side_by_side(rounds, function)[0] / loops * 1e9
            report(f"Python, {name} 100 B, storage.memory", f"{ns:,.0f} ns", f"<= {bound:,} ns" if bound else None,
                   ns <= bound if bound else None)


def measure_plugin(report, drawbridge, rounds):
    """A storage that is written in Python, mounted by the plugin `python`: each call goes to a thread of its own."""
    loops = 5_000
    folder = pathlib.Path(__file__).resolve().parent.parent / "tests" / "python" / "plugins"
    options = {"module": "memory_store", "class": "Store", "path": folder}
    if "python" not in drawbridge.plugins():
        return
    for threads in (1, 4):
        with drawbridge.storage("python", threads=threads, **options) as store:
            store[b"key"] = VALUE

            def get():
                for _ in range(loops):
                    store[b"key"]

            ns = side_by_side(rounds, get)[0] / loops * 1e9
            report(f"Python, get 100 B, a storage in Python, {threads} threads", f"{ns / 1000:,.1f} µs", None, None)


def cplusplus_blob(plugin, folder):
    """Seconds of a put and a read in C++, from the bench program."""
    out = subprocess.run([str(BUILD / "bin" / "bench_python"), str(BUILD / "plugins"), plugin, str(folder)], check=True,
                         capture_output=True, text=True).stdout
    return [float(word) for word in out.split()]


def measure_blob(report, drawbridge, work, rounds):
    content = os.urandom(LARGE)
    for plugin in ("storage.memory", "storage.rocksdb"):
        path = {} if plugin == "storage.memory" else {"path": work / "python-blob"}
        puts, reads, bare_puts, bare_reads = [], [], [], []
        with drawbridge.storage(plugin, **path) as store:
            for round in range(rounds + 1):
                bare = cplusplus_blob(plugin, work / f"cpp-blob-{round}")
                times = [seconds(store.put, content, "sha256:blob"), seconds(store.read, "sha256:blob")]
                store.erase("sha256:blob")
                if round:  # the first warms up
                    for kept, value in zip((bare_puts, bare_reads, puts, reads), bare + times):
                        kept.append(value)
        for name, own, bare in (("put", puts, bare_puts), ("read", reads, bare_reads)):
            ratio = statistics.median(bare) / statistics.median(own)
            report(f"Python, {name} a blob of 64 MiB, {plugin}",
                   f"{LARGE / statistics.median(own) / 1e6:,.0f} MB/s  {ratio:.2f}x C++", ">= 0.7x", ratio >= 0.7)


class Plyvel:
    def __init__(self, folder):
        import plyvel
        self.db = plyvel.DB(str(folder), create_if_missing=True)

    def put(self, key, value):
        self.db.put(key, value, sync=True)

    def batch(self, items):
        with self.db.write_batch(sync=True) as batch:
            for key, value in items:
                batch.put(key, value)

    def get(self, key):
        return self.db.get(key)

    def scan(self):
        return sum(1 for _ in self.db.iterator())


class Sqlite:
    def __init__(self, folder):
        self.db = sqlite3.connect(str(folder) + ".db", isolation_level=None)
        self.db.execute("pragma journal_mode = wal")
        self.db.execute("pragma synchronous = full")
        self.db.execute("create table records (key blob primary key, value blob) without rowid")

    def put(self, key, value):
        self.db.execute("insert or replace into records values (?, ?)", (key, value))

    def batch(self, items):
        self.db.execute("begin immediate")
        self.db.executemany("insert or replace into records values (?, ?)", items)
        self.db.execute("commit")

    def get(self, key):
        row = self.db.execute("select value from records where key = ?", (key,)).fetchone()
        return row and row[0]

    def scan(self):
        return sum(1 for _ in self.db.execute("select key, value from records order by key"))


class Ours:
    def __init__(self, drawbridge, plugin, folder):
        self.drawbridge = drawbridge
        self.store = drawbridge.storage(plugin, path=folder)

    def put(self, key, value):
        self.store[key] = value

    def batch(self, items):
        batch = self.drawbridge.Batch()
        for key, value in items:
            batch.put(key, value)
        self.store.commit(batch)

    def get(self, key):
        return self.store.get(key)

    def scan(self):
        return sum(1 for _ in self.store.items())


def exercises(db, tag):
    """name: (work, how often the operation is in it). All on the same keys and durable where they write."""
    keys = [b"%s/%06d" % (tag, i) for i in range(20_000)]
    db.batch([(key, VALUE) for key in keys])
    few = keys[:100]

    def puts():
        for key in few:
            db.put(key, VALUE)

    def batches():
        for start in range(0, len(keys), 1000):
            db.batch([(key, VALUE) for key in keys[start:start + 1000]])

    def gets():
        for key in keys:
            db.get(key)

    return {"synced put": (puts, len(few)), "batch of 1000": (batches, len(keys) // 1000), "get": (gets, len(keys)),
            "scan of 20,000": (db.scan, 1)}


def measure_against(report, drawbridge, work, rounds):
    pairs = [("storage.rocksdb", "plyvel", Plyvel), ("storage.sqlite", "sqlite3", Sqlite),
             ("storage.lmdb", "sqlite3", Sqlite)]
    for plugin, name, other in pairs:
        if plugin not in drawbridge.plugins():
            continue
        ours = Ours(drawbridge, plugin, work / f"python-{plugin}")
        try:
            theirs = exercises(other(work / f"python-{name}-{plugin}"), b"k")
        except ImportError:
            report(f"Python, {plugin} against {name}", f"{name} is not installed")
            ours.store.close()
            continue
        own = exercises(ours, b"k")
        for what in own:
            a, b = side_by_side(rounds, theirs[what][0], own[what][0])
            ratio = a / b
            report(f"Python, {what}, {plugin}", f"{b / own[what][1] * 1e6:,.1f} us  {ratio:.2f}x {name}", ">= 1x",
                   ratio >= 1)
        ours.store.close()


def measure(report, work, rounds):
    if not (BUILD / "python" / "drawbridge").is_dir():
        report("Python", "the module was not built")
        return
    sys.path.insert(0, str(BUILD / "python"))
    import drawbridge
    measure_calls(report, drawbridge, rounds)
    measure_plugin(report, drawbridge, rounds)
    measure_blob(report, drawbridge, work, rounds)
    measure_against(report, drawbridge, work, rounds)
