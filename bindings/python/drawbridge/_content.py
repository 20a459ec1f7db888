"""Content from wherever Python has it, as one kind of source."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import Any, Callable, Iterable, Iterator, Protocol, Union

from .values import BytesLike


class Reader(Protocol):
    """A file opened in binary mode, or what reads like one."""

    def read(self, size: int, /) -> bytes: ...


#: Bytes, a file (`pathlib.Path`, or one that is open in binary mode), or an iterable of bytes.
Content = Union[BytesLike, "os.PathLike[str]", Reader, Iterable[bytes]]

ReadInto = Callable[[memoryview], int]


def as_memory(content: Content) -> BytesLike | None:
    """The content itself when it is in memory, else None."""
    try:
        memoryview(content).release()  # type: ignore[arg-type]
    except TypeError:
        return None
    return content  # type: ignore[return-value]


def _from_read(read: Callable[[int], bytes]) -> ReadInto:
    def readinto(out: memoryview) -> int:
        part = read(len(out))
        out[:len(part)] = part
        return len(part)

    return readinto


def _from_iterable(parts: Iterator[bytes]) -> ReadInto:
    rest = memoryview(b"")

    def readinto(out: memoryview) -> int:
        nonlocal rest
        while not rest:
            try:
                rest = memoryview(next(parts)).cast("B")
            except StopIteration:
                return 0
        count = min(len(rest), len(out))
        out[:count] = rest[:count]
        rest = rest[count:]
        return count

    return readinto


@contextmanager
def as_readinto(content: Any) -> Iterator[ReadInto]:
    """A function that fills the front of a memoryview and returns how much, 0 at the end. A path is open inside."""
    if isinstance(content, str):
        raise TypeError("a str may be a path or text: give pathlib.Path(…) or ….encode()")
    if isinstance(content, os.PathLike):
        with open(content, "rb", buffering=0) as file:
            yield file.readinto  # type: ignore[misc]
    elif callable(getattr(content, "readinto", None)):
        yield content.readinto
    elif callable(getattr(content, "read", None)):
        yield _from_read(content.read)
    else:
        yield _from_iterable(iter(content))
