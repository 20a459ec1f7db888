"""Storages with one bug each."""

import asyncio
import sys
import threading
import time

import memory_store
from drawbridge import Health, Option

released = threading.Event()  # ends what hangs


class Raises(memory_store.Store):
    def get(self, key):
        return {}["nothing"]


class Returns(memory_store.Store):
    def get(self, key):
        return 7

    def scan(self, prefix, after, limit):
        return [(b"a", b"b")]

    def commit(self, batch):
        return "fine"

    def stat(self, id):
        return id

    def read(self, id, offset=0, size=None):
        return b"x" * (size + 1)

    def erase(self, id):
        return 1

    def list(self, after="", limit=4096):
        return memory_store.BlobsPage([memory_store.BlobInfo("b", 1), memory_store.BlobInfo("a", 1)], False)

    def create(self):
        return object()


class Hangs(memory_store.Store):
    def get(self, key):
        released.wait()


class AsyncHangs(memory_store.Store):
    async def get(self, key):
        await asyncio.sleep(1000)


class AsyncBlocks(memory_store.Store):
    async def get(self, key):
        released.wait()


class Exits(memory_store.Store):
    def get(self, key):
        sys.exit(3)


class AsyncExits(memory_store.Store):
    async def get(self, key):
        sys.exit(3)


class Recurses(memory_store.Store):
    def get(self, key):
        return self.get(key)


class Eats(memory_store.Store):
    def get(self, key):
        raise MemoryError


class Allocates(memory_store.Store):
    def get(self, key):
        return bytes(1 << 60)


class Lacks(memory_store.Store):
    pass


class RaisesOddly(memory_store.Store):
    def get(self, key):
        class Odd(Exception):
            def __str__(self):
                raise ValueError

        raise Odd


class FailsToStart(memory_store.Store):
    def __init__(self):
        super().__init__()
        raise ValueError("no such disk")


class StartsNever(memory_store.Store):
    def start(self):
        released.wait()


class StopFails(memory_store.Store):
    def stop(self):
        raise RuntimeError("cannot stop")


class TakesMore(memory_store.Store):
    def get(self, key, more):
        return None


class NoFacet:
    pass


class Half(memory_store.drawbridge.Records):
    def get(self, key):
        return None


class Both(memory_store.Store, memory_store.drawbridge.Keeper):
    keeper = "x"

    def entrust(self, grant, data_key): ...

    def release(self, asset, grantee): ...

    def revoke(self, asset, grantee): ...


class Optioned(memory_store.Store):
    options = {"file": Option.path("A file."), "limit": Option.number("A limit.", 5, 1, 10),
               "size": Option.size("A size.", "1MiB"), "on": Option.flag("A flag."),
               "word": Option.choice("A word.", ["a", "b"], "a"), "many": Option.list("A list.")}

    def __init__(self, file, limit, size, on, word, many):
        super().__init__()
        self.records[b"seen"] = repr((file.name, limit, size, on, word, many)).encode()


class BadOptions(memory_store.Store):
    options = {"limit": "five"}


class BadDefault(memory_store.Store):
    options = {"limit": Option.number("A limit.", "five")}


class Sick(memory_store.Store):
    def health(self):
        return Health("degraded", "a cough")


class Slow(memory_store.Store):
    def get(self, key):
        time.sleep(0.05)
        return key


not_a_class = 7
