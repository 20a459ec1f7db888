"""Ledgers: the append-only log of what happened, with proofs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import AsyncIterator, Awaitable, Iterator, List

from . import _drawbridge
from ._component import Component, Loaded, in_thread
from .values import Checkpoint, EventDraft, EventsPage, LedgerEvent

PAGE = 1024


class Ledger(Component, ABC):
    """An append-only log of events in a signed Merkle tree. `len(ledger)` is its size, iteration gives the events,
    oldest first. Errors besides those named: Unavailable, Corrupt (the log does not match its own signed head).
    """

    @abstractmethod
    def append(self, draft: EventDraft) -> LedgerEvent:
        """Appends; when it returns, the event is durable and covered by a signed checkpoint."""

    @abstractmethod
    def checkpoint(self) -> str:
        """The signed note of the newest checkpoint."""

    @abstractmethod
    def head(self) -> Checkpoint:
        """What the newest checkpoint says."""

    @abstractmethod
    def event(self, index: int) -> LedgerEvent | None: ...

    @abstractmethod
    def events(self, start: int, limit: int) -> EventsPage:
        """Events from `start` on, oldest first, at most `limit` (1 to 1,024)."""

    @abstractmethod
    def find(self, subject: str) -> List[LedgerEvent]:
        """The events of one subject, oldest first, at most 1,024."""

    @abstractmethod
    def proof(self, index: int, with_opening: bool) -> str:
        """The offline proof of one event against the newest checkpoint: the text of a tlog-proof file. Raises
        NotFound.
        """

    @abstractmethod
    def consistency(self, size1: int, size2: int) -> List[bytes]:
        """RFC 6962 §2.1.2: that the log of `size2` extends the log of `size1`. Raises Invalid unless size1 <= size2
        <= head.
        """

    @abstractmethod
    def audit(self) -> Checkpoint:
        """Reads the whole log and recomputes every hash up to the signed head. Raises Corrupt."""

    def record(self, type: str, subject: str = "", **details: str) -> LedgerEvent:
        """`append`, with the details as keyword arguments."""
        return self.append(EventDraft(type, subject, details))

    def __len__(self) -> int:
        return self.head().size

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[LedgerEvent]:
        start, more = 0, True
        while more:
            events, more = self.events(start, PAGE)
            yield from events
            start += len(events)

    async def aiter_events(self) -> AsyncIterator[LedgerEvent]:
        start, more = 0, True
        while more:
            events, more = await self.aevents(start, PAGE)
            for event in events:
                yield event
            start += len(events)

    # The asynchronous twins.

    def aappend(self, draft: EventDraft) -> Awaitable[LedgerEvent]:
        return in_thread(self.append, draft)

    def acheckpoint(self) -> Awaitable[str]:
        return in_thread(self.checkpoint)

    def ahead(self) -> Awaitable[Checkpoint]:
        return in_thread(self.head)

    def aevent(self, index: int) -> Awaitable[LedgerEvent | None]:
        return in_thread(self.event, index)

    def aevents(self, start: int, limit: int) -> Awaitable[EventsPage]:
        return in_thread(self.events, start, limit)

    def afind(self, subject: str) -> Awaitable[List[LedgerEvent]]:
        return in_thread(self.find, subject)

    def aproof(self, index: int, with_opening: bool) -> Awaitable[str]:
        return in_thread(self.proof, index, with_opening)

    def aconsistency(self, size1: int, size2: int) -> Awaitable[List[bytes]]:
        return in_thread(self.consistency, size1, size2)

    def aaudit(self) -> Awaitable[Checkpoint]:
        return in_thread(self.audit)


class LoadedLedger(Loaded, Ledger):
    """A ledger of a plugin."""

    _facet_name = "Ledger"
    _ledger: _drawbridge.Ledger

    def append(self, draft: EventDraft) -> LedgerEvent:
        return self._ledger.append(draft)

    def aappend(self, draft: EventDraft) -> Awaitable[LedgerEvent]:
        return self._ledger.aappend(draft)

    def checkpoint(self) -> str:
        return self._ledger.checkpoint()

    def acheckpoint(self) -> Awaitable[str]:
        return self._ledger.acheckpoint()

    def head(self) -> Checkpoint:
        return self._ledger.head()

    def ahead(self) -> Awaitable[Checkpoint]:
        return self._ledger.ahead()

    def event(self, index: int) -> LedgerEvent | None:
        return self._ledger.event(index)

    def aevent(self, index: int) -> Awaitable[LedgerEvent | None]:
        return self._ledger.aevent(index)

    def events(self, start: int, limit: int) -> EventsPage:
        return self._ledger.events(start, limit)

    def aevents(self, start: int, limit: int) -> Awaitable[EventsPage]:
        return self._ledger.aevents(start, limit)

    def find(self, subject: str) -> List[LedgerEvent]:
        return self._ledger.find(subject)

    def afind(self, subject: str) -> Awaitable[List[LedgerEvent]]:
        return self._ledger.afind(subject)

    def proof(self, index: int, with_opening: bool) -> str:
        return self._ledger.proof(index, with_opening)

    def aproof(self, index: int, with_opening: bool) -> Awaitable[str]:
        return self._ledger.aproof(index, with_opening)

    def consistency(self, size1: int, size2: int) -> List[bytes]:
        return self._ledger.consistency(size1, size2)

    def aconsistency(self, size1: int, size2: int) -> Awaitable[List[bytes]]:
        return self._ledger.aconsistency(size1, size2)

    def audit(self) -> Checkpoint:
        return self._ledger.audit()

    def aaudit(self) -> Awaitable[Checkpoint]:
        return self._ledger.aaudit()


Loaded._facet_classes["Ledger"] = LoadedLedger
