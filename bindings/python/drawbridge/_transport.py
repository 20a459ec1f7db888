"""Transports: messages between nodes that know each other."""

from __future__ import annotations

import asyncio
import inspect
import threading
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Any, AsyncIterator, Awaitable, Callable, Iterator, List, Union

from . import _drawbridge
from ._component import Component, Loaded, in_thread
from .errors import Busy, Unavailable
from .values import BytesLike, LinkStatus

MAX_MESSAGE_BYTES = 256 * 1024
MAX_HANDLERS = 256  #: Threads of one transport's plain handlers.


class Stream(ABC):
    """A two-way sequence of messages with one authenticated peer. Messages arrive whole, in order, once; iterate over
    them until the peer has finished. One thread or task may send while another receives.
    """

    @property
    @abstractmethod
    def peer(self) -> str:
        """The peer's node id, proved by the transport."""

    @abstractmethod
    def send(self, message: bytes) -> None:
        """Sends one message of at most 256 KiB (else TooLarge); waits while the peer is slow. Raises Unavailable when
        the connection is lost, and what the peer's handler raised.
        """

    @abstractmethod
    def receive(self) -> bytes | None:
        """The next message, or None when the peer has finished. Raises as `send` does."""

    @abstractmethod
    def finish(self) -> None:
        """No more messages from this side. Safe twice."""

    def close(self) -> None:
        """Lets the stream go; the peer is told unless both sides had finished."""

    def asend(self, message: bytes) -> Awaitable[None]:
        return in_thread(self.send, message)

    def areceive(self) -> Awaitable[bytes | None]:
        return in_thread(self.receive)

    def afinish(self) -> Awaitable[None]:
        return in_thread(self.finish)

    def __iter__(self) -> Iterator[bytes]:
        while (message := self.receive()) is not None:
            yield message

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (message := await self.areceive()) is not None:
            yield message

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    async def __aenter__(self) -> Stream:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        self.close()


#: What serves a stream: a function, which gets a thread of its own, or a coroutine function, which runs in the loop
#: that was running when it was given.
Handler = Union[Callable[[Stream], None], Callable[[Stream], Awaitable[None]]]


class Transport(Component, ABC):
    """Moves messages between nodes that know each other; authenticates each peer's node key."""

    @abstractmethod
    def serve(self, protocol: str, handler: Handler) -> None:
        """Serves a protocol ("example.chat/1"). When the handler returns, the stream is finished; what it raises
        reaches the peer as an Error with the same code and message. Raises Conflict when the protocol is served
        already.
        """

    @abstractmethod
    def withdraw(self, protocol: str) -> None:
        """Stops serving it; streams that run go on."""

    @abstractmethod
    def open(self, node_id: str, protocol: str) -> Stream:
        """A stream to a peer. Raises NotFound for a peer that the identity does not know, Unavailable when it cannot be
        reached, Busy when a queue is full.
        """

    @abstractmethod
    def links(self) -> List[LinkStatus]: ...

    def request(self, node_id: str, protocol: str, message: bytes, timeout: float = 30.0) -> bytes:
        """One message there, one back, within `timeout` seconds (else Unavailable)."""
        with self.open(node_id, protocol) as stream:
            stream.send(message)
            stream.finish()
            answer = stream.receive()
        if answer is None:
            raise Unavailable("the peer finished without an answer")
        return answer

    def aopen(self, node_id: str, protocol: str) -> Awaitable[Stream]:
        return in_thread(self.open, node_id, protocol)

    def arequest(self, node_id: str, protocol: str, message: bytes, timeout: float = 30.0) -> Awaitable[bytes]:
        return in_thread(self.request, node_id, protocol, message, timeout)


class LoadedStream(Stream):
    """A stream of a plugin's transport."""

    def __init__(self, stream: _drawbridge.Stream) -> None:
        self._stream = stream

    @property
    def peer(self) -> str:
        return self._stream.peer

    def send(self, message: BytesLike) -> None:
        self._stream.send(message)

    def asend(self, message: BytesLike) -> Awaitable[None]:
        return self._stream.asend(message)

    def receive(self) -> bytes | None:
        return self._stream.receive()

    def areceive(self) -> Awaitable[bytes | None]:
        return self._stream.areceive()

    def finish(self) -> None:
        self._stream.finish()

    def afinish(self) -> Awaitable[None]:
        return self._stream.afinish()

    def close(self) -> None:
        self._stream.drop()


_End = Callable[[Union[BaseException, None]], None]


def _run_in_thread(handler: Callable[[Stream], Any]) -> Callable[[_drawbridge.Stream, _End], None]:
    free = threading.Semaphore(MAX_HANDLERS)

    def work(stream: _drawbridge.Stream, end: _End) -> None:
        try:
            handler(LoadedStream(stream))
        except BaseException as error:  # the peer is told, whatever it was
            end(error)
        else:
            end(None)
        finally:
            free.release()

    def begin(stream: _drawbridge.Stream, end: _End) -> None:
        if not free.acquire(blocking=False):
            raise Busy("too many streams are served")
        threading.Thread(target=work, args=(stream, end), name="drawbridge-handler", daemon=True).start()

    return begin


def _run_in_loop(handler: Callable[[Stream], Awaitable[None]],
                 loop: asyncio.AbstractEventLoop) -> Callable[[_drawbridge.Stream, _End], None]:
    async def work(stream: _drawbridge.Stream, end: _End) -> None:
        try:
            await handler(LoadedStream(stream))
        except BaseException as error:
            end(error)
            if isinstance(error, asyncio.CancelledError):
                raise
        else:
            end(None)

    def begin(stream: _drawbridge.Stream, end: _End) -> None:
        asyncio.run_coroutine_threadsafe(work(stream, end), loop)

    return begin


class LoadedTransport(Loaded, Transport):
    """A transport of a plugin."""

    _facet_name = "Transport"
    _transport: _drawbridge.Transport

    def serve(self, protocol: str, handler: Handler) -> None:
        if inspect.iscoroutinefunction(handler):
            self._transport.serve(protocol, _run_in_loop(handler, asyncio.get_running_loop()))
        else:
            self._transport.serve(protocol, _run_in_thread(handler))

    def withdraw(self, protocol: str) -> None:
        self._transport.withdraw(protocol)

    def open(self, node_id: str, protocol: str) -> LoadedStream:
        return LoadedStream(self._transport.open(node_id, protocol))

    async def aopen(self, node_id: str, protocol: str) -> LoadedStream:
        return LoadedStream(await self._transport.aopen(node_id, protocol))

    def links(self) -> List[LinkStatus]:
        return self._transport.links()

    def request(self, node_id: str, protocol: str, message: BytesLike, timeout: float = 30.0) -> bytes:
        return self._transport.request(node_id, protocol, message, int(timeout * 1000))

    def arequest(self, node_id: str, protocol: str, message: BytesLike, timeout: float = 30.0) -> Awaitable[bytes]:
        return self._transport.arequest(node_id, protocol, message, int(timeout * 1000))


Loaded._facet_classes["Transport"] = LoadedTransport
