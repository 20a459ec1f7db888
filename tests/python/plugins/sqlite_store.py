"""Records and blobs in one SQLite file."""

import sqlite3

import drawbridge
from drawbridge import BlobInfo, BlobsPage, Conflict, NotFound, Option, RecordsPage


class Writer(drawbridge.BlobWriter):
    def __init__(self, store):
        self.store, self.parts = store, []

    def write(self, content):
        self.parts.append(content)

    def commit(self, id):
        with self.store.db as db:
            db.execute("INSERT OR IGNORE INTO blobs VALUES (?, ?)", (id, b"".join(self.parts)))


class Store(drawbridge.Records, drawbridge.Blobs):
    options = {"file": Option.path("Where everything is kept; created when missing.")}

    def __init__(self, file):
        file.parent.mkdir(parents=True, exist_ok=True)
        self.db = sqlite3.connect(file, isolation_level=None)
        self.db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                              "CREATE TABLE IF NOT EXISTS records (key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID;"
                              "CREATE TABLE IF NOT EXISTS blobs (id TEXT PRIMARY KEY, content BLOB)")

    def stop(self):
        self.db.close()

    def get(self, key):
        row = self.db.execute("SELECT value FROM records WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def scan(self, prefix, after, limit):
        found, size = [], 0
        for key, value in self.db.execute("SELECT key, value FROM records WHERE key > ? AND key >= ? ORDER BY key",
                                          (after, prefix)):
            if not key.startswith(prefix):
                break
            if len(found) == limit or size > 32 << 20:
                return RecordsPage(found, True)
            found.append((key, value))
            size += len(value)
        return RecordsPage(found, False)

    def commit(self, batch):
        with self.db as db:  # all of it or, when something is raised, nothing
            db.execute("BEGIN IMMEDIATE")
            for key, expected in batch.expectations:
                if self.get(key) != expected:
                    raise Conflict(f"{key!r} is not as expected")
            for key, value in batch.changes:
                if value is None:
                    db.execute("DELETE FROM records WHERE key = ?", (key,))
                else:
                    db.execute("INSERT OR REPLACE INTO records VALUES (?, ?)", (key, value))

    def create(self):
        return Writer(self)

    def stat(self, id):
        row = self.db.execute("SELECT length(content) FROM blobs WHERE id = ?", (id,)).fetchone()
        return BlobInfo(id, row[0]) if row else None

    def read(self, id, offset=0, size=None):
        offset = min(offset, 1 << 30)  # substr counts in 32 bits; no blob of SQLite is longer
        row = self.db.execute("SELECT substr(content, ?, ?) FROM blobs WHERE id = ?",
                              (offset + 1, -1 if size is None else size, id)).fetchone()
        if row is None:
            raise NotFound(f"no blob {id!r}")
        return row[0] or b""  # SQLite has none

    def erase(self, id):
        with self.db as db:
            return db.execute("DELETE FROM blobs WHERE id = ?", (id,)).rowcount > 0

    def list(self, after="", limit=4096):
        rows = self.db.execute("SELECT id, length(content) FROM blobs WHERE id > ? ORDER BY id LIMIT ?",
                               (after, limit + 1)).fetchall()
        return BlobsPage([BlobInfo(*row) for row in rows[:limit]], len(rows) > limit)
