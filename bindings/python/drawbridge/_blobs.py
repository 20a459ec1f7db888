"""Blobs: large immutable bytes, named by the hash of their content."""

from __future__ import annotations

import hashlib
import io
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Any, AsyncIterator, Awaitable, Iterator

from . import _drawbridge
from ._content import Content, as_memory, as_readinto
from ._component import Component, Loaded, in_thread
from .errors import NotFound
from .values import BlobInfo, BlobsPage, BytesLike

PAGE = 4096
STEP = 1 << 20  #: Bytes; of content that is not in memory.


class BlobWriter(ABC):
    """Receives one blob as a stream; for one thread or task at a time. Let go uncommitted it leaves no trace.

        with store.create() as writer:
            writer.write(part)
            writer.commit("sha256:" + digest)
    """

    @abstractmethod
    def write(self, content: bytes) -> None:
        """Appends. Raises TooLarge, or Unavailable ("disk full")."""

    @abstractmethod
    def commit(self, id: str) -> None:
        """Makes what was written durable and visible, all at once, under `id`. An id that exists keeps its bytes and
        the new ones are dropped. Once, last. Raises Invalid for an id that is none: 1 to 128 of a-z, 0-9, ':', '-',
        '_', '.'.
        """

    def close(self) -> None:
        """Drops what was not committed. Safe twice."""

    def awrite(self, content: bytes) -> Awaitable[None]:
        return in_thread(self.write, content)

    def acommit(self, id: str) -> Awaitable[None]:
        return in_thread(self.commit, id)

    def __enter__(self) -> BlobWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    async def __aenter__(self) -> BlobWriter:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        self.close()


class Blobs(Component, ABC):
    """Large immutable bytes, named by their content's hash. Sizes and offsets are in bytes.

    A plugin in Python writes `create`, `stat`, `read`, `erase` and `list`. Errors besides those named: Unavailable,
    Corrupt.
    """

    @abstractmethod
    def create(self) -> BlobWriter:
        """A writer for one new blob."""

    @abstractmethod
    def stat(self, id: str) -> BlobInfo | None:
        """Its id and size, or None when there is no such blob."""

    @abstractmethod
    def read(self, id: str, offset: int = 0, size: int | None = None) -> bytes:
        """Bytes from `offset`, at most `size` of them (None: to the end); fewer only at the end of the blob, none at or
        behind it. Raises NotFound.
        """

    @abstractmethod
    def erase(self, id: str) -> bool:
        """Whether there was such a blob."""

    @abstractmethod
    def list(self, after: str = "", limit: int = PAGE) -> BlobsPage:
        """Blobs whose id is greater than `after` (empty: from the start), in order of id, at most `limit` (1 to
        4,096, else Invalid).
        """

    # The asynchronous twins.

    def acreate(self) -> Awaitable[BlobWriter]:
        return in_thread(self.create)

    def astat(self, id: str) -> Awaitable[BlobInfo | None]:
        return in_thread(self.stat, id)

    def aread(self, id: str, offset: int = 0, size: int | None = None) -> Awaitable[bytes]:
        return in_thread(self.read, id, offset, size)

    def aerase(self, id: str) -> Awaitable[bool]:
        return in_thread(self.erase, id)

    def alist(self, after: str = "", limit: int = PAGE) -> Awaitable[BlobsPage]:
        return in_thread(self.list, after, limit)

    # What comes with them.

    def put(self, content: Content, id: str | None = None) -> str:
        """Stores bytes, a file (a `pathlib.Path`, or one that is open in binary mode) or an iterable of bytes, and
        returns the id: the given one, else "sha256:" and the hash of the content.
        """
        digest = hashlib.sha256() if id is None else None
        with self.create() as writer, as_readinto(_file_of(content)) as readinto:
            part = memoryview(bytearray(STEP))
            while count := readinto(part):
                if digest:
                    digest.update(part[:count])
                writer.write(part[:count])
            id = id or f"sha256:{digest.hexdigest() if digest else ''}"
            writer.commit(id)
        return id

    def aput(self, content: Content, id: str | None = None) -> Awaitable[str]:
        return in_thread(self.put, content, id)

    def open(self, id: str) -> BlobReader:
        """The blob as a file that is open for reading in binary mode. Raises NotFound."""
        info = self.stat(id)
        if info is None:
            raise NotFound(f"no blob {id!r}")
        return BlobReader(self, info)

    def blobs(self) -> Iterator[BlobInfo]:
        """All blobs in order of id, read in pages."""
        after = ""
        while True:
            blobs, more = self.list(after)
            yield from blobs
            if not more:
                return
            after = blobs[-1].id

    async def ablobs(self) -> AsyncIterator[BlobInfo]:
        after = ""
        while True:
            blobs, more = await self.alist(after)
            for blob in blobs:
                yield blob
            if not more:
                return
            after = blobs[-1].id


def _file_of(content: Content) -> Any:
    memory = as_memory(content)
    return content if memory is None else io.BytesIO(memory)  # type: ignore[arg-type]


class RangeReader(io.RawIOBase):
    """A file of known size over reads at an offset; for one thread at a time. Wrap it in `io.BufferedReader` for many
    small reads.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size
        self._at = 0

    def read_at(self, offset: int, out: Any) -> int:
        """Fills the front of `out` and returns how much."""
        raise NotImplementedError

    def bytes_at(self, offset: int, size: int | None) -> bytes:
        """At most `size` bytes; None: to the end."""
        raise NotImplementedError

    def read(self, size: int | None = -1) -> bytes:
        part = self.bytes_at(self._at, None if size is None or size < 0 else size)
        self._at += len(part)
        return part

    def readall(self) -> bytes:
        return self.read()

    def readinto(self, out: Any) -> int:
        count = self.read_at(self._at, out)
        self._at += count
        return count

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        if start + offset < 0:
            raise ValueError("a position before the start")
        self._at = start + offset
        return self._at


class BlobReader(RangeReader):
    """A blob as a file."""

    def __init__(self, blobs: Blobs, info: BlobInfo) -> None:
        super().__init__(info.size)
        self.id = info.id
        self._blobs = blobs

    def read_at(self, offset: int, out: Any) -> int:
        if isinstance(self._blobs, LoadedBlobs):
            return self._blobs.readinto(self.id, offset, out)
        window = memoryview(out).cast("B")
        part = self._blobs.read(self.id, offset, len(window))
        window[:len(part)] = part
        return len(part)

    def bytes_at(self, offset: int, size: int | None) -> bytes:
        return self._blobs.read(self.id, offset, size)


class LoadedWriter(BlobWriter):
    """A writer of a plugin's storage."""

    def __init__(self, writer: _drawbridge.BlobWriter) -> None:
        self._writer = writer

    def write(self, content: BytesLike) -> None:
        self._writer.write(content)

    def commit(self, id: str) -> None:
        self._writer.commit(id)

    def awrite(self, content: BytesLike) -> Awaitable[None]:
        return self._writer.awrite(content)

    def acommit(self, id: str) -> Awaitable[None]:
        return self._writer.acommit(id)

    def close(self) -> None:
        self._writer.drop()


class LoadedBlobs(Loaded, Blobs):
    """Blobs of a plugin."""

    _facet_name = "Blobs"
    _blobs: _drawbridge.Blobs

    def create(self) -> LoadedWriter:
        return LoadedWriter(self._blobs.create())

    async def acreate(self) -> LoadedWriter:
        return LoadedWriter(await self._blobs.acreate())

    def stat(self, id: str) -> BlobInfo | None:
        return self._blobs.stat(id)

    def astat(self, id: str) -> Awaitable[BlobInfo | None]:
        return self._blobs.astat(id)

    def read(self, id: str, offset: int = 0, size: int | None = None) -> bytes:
        return self._blobs.read(id, offset, size)

    def aread(self, id: str, offset: int = 0, size: int | None = None) -> Awaitable[bytes]:
        return self._blobs.aread(id, offset, size)

    def readinto(self, id: str, offset: int, out: Any) -> int:
        """Fills a writable buffer from `offset` without a copy, and returns how many bytes: fewer than asked only at
        the end of the blob. Raises NotFound.
        """
        return self._blobs.readinto(id, offset, out)

    def areadinto(self, id: str, offset: int, out: Any) -> Awaitable[int]:
        return self._blobs.areadinto(id, offset, out)

    def erase(self, id: str) -> bool:
        return self._blobs.erase(id)

    def aerase(self, id: str) -> Awaitable[bool]:
        return self._blobs.aerase(id)

    def list(self, after: str = "", limit: int = PAGE) -> BlobsPage:
        return self._blobs.list(after, limit)

    def alist(self, after: str = "", limit: int = PAGE) -> Awaitable[BlobsPage]:
        return self._blobs.alist(after, limit)

    def put(self, content: Content, id: str | None = None) -> str:
        memory = as_memory(content)
        if memory is None:
            return super().put(content, id)
        id = id or "sha256:" + hashlib.sha256(memory).hexdigest()  # type: ignore[arg-type]
        self._blobs.put(id, memory)
        return id


Loaded._facet_classes["Blobs"] = LoadedBlobs
