"""Records of a Drawbridge node in one SQLite file. examples/python/store.yaml mounts it; docs/python.md tells how."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import drawbridge


class Store(drawbridge.Records):
    options = {"file": drawbridge.Option.path("Where the records are kept; created when missing.")}

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self.db = sqlite3.connect(file, isolation_level=None)  # for one thread: the configuration says `threads: 1`
        self.db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE IF NOT EXISTS "
                              "records (key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID")

    def get(self, key: bytes) -> bytes | None:
        row = self.db.execute("SELECT value FROM records WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def scan(self, prefix: bytes, after: bytes, limit: int) -> drawbridge.RecordsPage:
        found: list[tuple[bytes, bytes]] = []
        size = 0
        for key, value in self.db.execute("SELECT * FROM records WHERE key > ? AND key >= ? ORDER BY key",
                                          (after, prefix)):
            if not key.startswith(prefix):
                break
            if len(found) == limit or size > 32 << 20:
                return drawbridge.RecordsPage(found, True)
            found.append((key, value))
            size += len(value)
        return drawbridge.RecordsPage(found, False)

    def commit(self, batch: drawbridge.Batch) -> None:
        with self.db:  # all of it or, when something is raised, nothing
            self.db.execute("BEGIN IMMEDIATE")
            if any(self.get(bytes(key)) != expected for key, expected in batch.expectations):
                raise drawbridge.Conflict("a record is not as expected")
            for key, value in batch.changes:
                if value is None:
                    self.db.execute("DELETE FROM records WHERE key = ?", (key,))
                else:
                    self.db.execute("REPLACE INTO records VALUES (?, ?)", (key, value))

    def stop(self) -> None:
        self.db.close()
