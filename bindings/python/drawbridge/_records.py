"""Records: small mutable key/value pairs, used like a dict."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import AsyncIterator, Awaitable, Iterator, overload

from . import _drawbridge
from ._drawbridge import Buffer
from ._component import Component, Loaded, in_thread
from .errors import MissingKey
from .values import Batch, BytesLike, RecordsPage

PAGE = 4096
MAX_KEY_BYTES = 1024
MAX_VALUE_BYTES = 16 << 20


class PendingBatch(Batch):
    """A batch of a store; at the end of its `with` block it is committed, unless the block raised."""

    __slots__ = ("_store",)

    def __init__(self, store: Records) -> None:
        super().__init__()
        self._store = store

    def __enter__(self) -> PendingBatch:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        if kind is None:
            self._store.commit(self)

    async def __aenter__(self) -> PendingBatch:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        if kind is None:
            await self._store.acommit(self)


class Records(Component, ABC):
    """Small mutable key/value pairs. Keys are 1 to 1,024 bytes, ordered bytewise; values at most 16 MiB.

    A plugin in Python writes `get`, `scan` and `commit`; everything else comes with them. Errors besides those named:
    Unavailable (the engine cannot serve) and Corrupt.
    """

    @abstractmethod
    def get(self, key: bytes) -> bytes | None:
        """The value, or None. A key that no batch could hold is simply absent."""

    @abstractmethod
    def scan(self, prefix: bytes, after: bytes, limit: int) -> RecordsPage:
        """Records whose key starts with `prefix` (may be empty) and is greater than `after` (empty: from the start), in
        key order, at most `limit` (1 to 4,096, else Invalid). A page ends early once its values exceed 32 MiB, so go by
        `more`, never by the count. A page is a consistent snapshot; a scan over pages is not.
        """

    @abstractmethod
    def commit(self, batch: Batch) -> None:
        """Applies the batch; when it returns, the batch survives power loss (unless the storage is documented as
        volatile). Raises Conflict when a precondition fails, and then nothing has changed; Invalid for a key that is
        empty or too long, TooLarge for a value or a batch that is.
        """

    # The asynchronous twins.

    def aget(self, key: bytes) -> Awaitable[bytes | None]:
        return in_thread(self.get, key)

    def ascan(self, prefix: bytes, after: bytes, limit: int) -> Awaitable[RecordsPage]:
        return in_thread(self.scan, prefix, after, limit)

    def acommit(self, batch: Batch) -> Awaitable[None]:
        return in_thread(self.commit, batch)

    # Like a dict.

    def __getitem__(self, key: bytes) -> bytes:
        value = self.get(key)
        if value is None:
            raise missing(key)
        return value

    def __setitem__(self, key: bytes, value: bytes) -> None:
        self.commit(Batch().put(key, value))

    def __delitem__(self, key: bytes) -> None:
        """Raises MissingKey, a KeyError, when there is no such key. `discard` does not look."""
        if self.get(key) is None:
            raise missing(key)
        self.discard(key)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, (bytes, bytearray, memoryview)) and self.get(bytes(key)) is not None

    def __iter__(self) -> Iterator[bytes]:
        return self.keys()

    def discard(self, key: bytes) -> None:
        """Erases the key if it is there."""
        self.commit(Batch().erase(key))

    def adiscard(self, key: bytes) -> Awaitable[None]:
        return self.acommit(Batch().erase(key))

    def aset(self, key: bytes, value: bytes) -> Awaitable[None]:
        """`store[key] = value`, to be awaited."""
        return self.acommit(Batch().put(key, value))

    def batch(self) -> PendingBatch:
        """Changes that happen together or not at all:

            with store.batch() as batch:
                batch.expect_absent(b"name")
                batch[b"name"] = value
                del batch[b"old"]
        """
        return PendingBatch(self)

    def items(self, prefix: bytes = b"", after: bytes = b"", page: int = PAGE) -> Iterator[tuple[bytes, bytes]]:
        """(key, value) in key order, read in pages of at most `page` records. Each page is a snapshot, the whole is
        not.
        """
        while True:
            records, more = self.scan(prefix, after, page)
            yield from records
            if not more:
                return
            after = records[-1][0]

    async def aitems(self, prefix: bytes = b"", after: bytes = b"",
                     page: int = PAGE) -> AsyncIterator[tuple[bytes, bytes]]:
        while True:
            records, more = await self.ascan(prefix, after, page)
            for record in records:
                yield record
            if not more:
                return
            after = records[-1][0]

    def keys(self, prefix: bytes = b"") -> Iterator[bytes]:
        """The keys in order, as `items` gives them."""
        return (key for key, _ in self.items(prefix))

    def values(self, prefix: bytes = b"") -> Iterator[bytes]:
        """The values in the order of their keys, as `items` gives them."""
        return (value for _, value in self.items(prefix))


def missing(key: object) -> MissingKey:
    return MissingKey(f"no record {bytes(key)!r}" if isinstance(key, (bytes, bytearray)) else "no such record")


class LoadedRecords(Loaded, Records):
    """Records of a plugin."""

    _facet_name = "Records"
    _records: _drawbridge.Records

    @overload
    def get(self, key: BytesLike) -> bytes | None: ...
    @overload
    def get(self, key: BytesLike, default: bytes) -> bytes: ...
    def get(self, key: BytesLike, default: bytes | None = None) -> bytes | None:
        """The value, or `default`."""
        value = self._records.get(key)
        return default if value is None else value

    def get_buffer(self, key: BytesLike) -> Buffer | None:
        """The value without a copy into bytes, or None: worth it for large ones."""
        return self._records.get_buffer(key)

    def aget_buffer(self, key: BytesLike) -> Awaitable[Buffer | None]:
        return self._records.aget_buffer(key)

    def scan(self, prefix: BytesLike = b"", after: BytesLike = b"", limit: int = PAGE) -> RecordsPage:
        return self._records.scan(prefix, after, limit)

    def commit(self, batch: Batch) -> None:
        self._records.commit(batch)

    def aget(self, key: BytesLike) -> Awaitable[bytes | None]:
        return self._records.aget(key)

    def ascan(self, prefix: BytesLike = b"", after: BytesLike = b"", limit: int = PAGE) -> Awaitable[RecordsPage]:
        return self._records.ascan(prefix, after, limit)

    def acommit(self, batch: Batch) -> Awaitable[None]:
        return self._records.acommit(batch)

    def __getitem__(self, key: BytesLike) -> bytes:
        value = self._records.get(key)
        if value is None:
            raise missing(key)
        return value

    def __setitem__(self, key: BytesLike, value: BytesLike) -> None:
        self._records.put(key, value)

    def __delitem__(self, key: BytesLike) -> None:
        if not self._records.has(key):
            raise missing(key)
        self._records.erase(key)

    def __contains__(self, key: object) -> bool:
        return self._records.has(key)

    def discard(self, key: BytesLike) -> None:
        self._records.erase(key)

    def adiscard(self, key: BytesLike) -> Awaitable[None]:
        return self._records.aerase(key)

    def aset(self, key: BytesLike, value: BytesLike) -> Awaitable[None]:
        return self._records.aput(key, value)


Loaded._facet_classes["Records"] = LoadedRecords
