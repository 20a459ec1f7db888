"""Records and blobs in memory, for several threads; and the same with `async` methods."""

import asyncio
import threading

import drawbridge
from drawbridge import BlobInfo, BlobsPage, Conflict, NotFound, RecordsPage


class Writer(drawbridge.BlobWriter):
    def __init__(self, store):
        self.store, self.content = store, bytearray()
        store.open_writers += 1

    def write(self, content):
        self.content += content

    def commit(self, id):
        with self.store.lock:
            self.store.blobs_.setdefault(id, bytes(self.content))

    def close(self):
        self.store.open_writers -= 1


class Store(drawbridge.Records, drawbridge.Blobs):
    def __init__(self):
        self.lock = threading.Lock()
        self.records, self.blobs_, self.open_writers = {}, {}, 0

    def get(self, key):
        return self.records.get(key)

    def scan(self, prefix, after, limit):
        with self.lock:
            keys = sorted(key for key in self.records if key > after and key.startswith(prefix))
            found, size = [], 0
            for key in keys[:limit]:
                if size > 32 << 20:
                    break
                found.append((key, self.records[key]))
                size += len(self.records[key])
            return RecordsPage(found, len(found) < len(keys))

    def commit(self, batch):
        with self.lock:
            for key, expected in batch.expectations:
                if self.records.get(key) != expected:
                    raise Conflict(f"{key!r} is not as expected")
            for key, value in batch.changes:
                if value is None:
                    self.records.pop(key, None)
                else:
                    self.records[key] = value

    def create(self):
        return Writer(self)

    def stat(self, id):
        content = self.blobs_.get(id)
        return None if content is None else BlobInfo(id, len(content))

    def read(self, id, offset=0, size=None):
        content = self.blobs_.get(id)
        if content is None:
            raise NotFound(f"no blob {id!r}")
        return memoryview(content)[offset:None if size is None else offset + size]

    def erase(self, id):
        with self.lock:
            return self.blobs_.pop(id, None) is not None

    def list(self, after="", limit=4096):
        with self.lock:
            ids = sorted(id for id in self.blobs_ if id > after)
            return BlobsPage([BlobInfo(id, len(self.blobs_[id])) for id in ids[:limit]], len(ids) > limit)


class AsyncStore(Store):
    async def get(self, key):
        await asyncio.sleep(0)
        return Store.get(self, key)

    async def scan(self, prefix, after, limit):
        return Store.scan(self, prefix, after, limit)

    async def commit(self, batch):
        await asyncio.sleep(0)
        Store.commit(self, batch)
