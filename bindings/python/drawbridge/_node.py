"""A whole node in this process."""

from __future__ import annotations

import asyncio
import os
import warnings
from types import TracebackType
from typing import List, TypeVar

from . import _drawbridge
from ._assets import Assets
from ._component import Loaded, compose
from .errors import NotFound, Unavailable, Unsupported
from ._ledger import LoadedLedger
from ._loading import LEVELS
from ._services import Access, Identity, Keyring
from ._transport import LoadedTransport
from .values import ComponentStatus

K = TypeVar("K", bound=Loaded)


class Node:
    """A node of a configuration, as `drawbridge run` runs it, in this process.

        with drawbridge.Node("alice.yaml") as node:
            shared = node.assets.share(Path("scan.dcm"), to="bob")

    It is read and started by `start` or at the head of a `with` block: Invalid is raised with all that is wrong with
    the configuration, Conflict when another process uses its folder. `node["main"]` is a component by its name. A
    node may be started again after it was stopped.

    In place of a file, `text` is the configuration itself; then `file` is its name for messages, and relative paths
    begin in that file's folder. `log_level` overrides what the configuration says.
    """

    def __init__(self, file: str | os.PathLike[str], *, text: str | None = None, log_level: str | None = None) -> None:
        if log_level is not None and log_level not in LEVELS:
            raise ValueError(f"{log_level!r} is not one of {', '.join(LEVELS)}")
        self._file = os.path.abspath(os.fspath(file))
        self._text = text
        self._level = None if log_level is None else LEVELS.index(log_level)
        self._owner: _drawbridge.NodeOwner | None = None
        self._components: dict[str, Loaded] = {}

    def start(self) -> Node:
        """Starts every component after all that it uses. Raises what a component's start raised, with its name."""
        if not self.running:
            self._owner = _drawbridge.open_node(self._file, self._text, self._level)
        return self

    def stop(self) -> None:
        """Ends the calls that wait, then stops the components in reverse order. Does nothing when it does not run."""
        owner, self._owner = self._owner, None
        self._components.clear()
        if owner is not None:
            owner.close()

    @property
    def running(self) -> bool:
        return self._owner is not None and not self._owner.closed

    def _running_owner(self) -> _drawbridge.NodeOwner:
        if self._owner is None:
            raise Unavailable("the node does not run", hint="start it, or use it within `with`")
        return self._owner

    @property
    def name(self) -> str:
        """`node.name` of the configuration."""
        return self._running_owner().name

    def status(self) -> List[ComponentStatus]:
        """Every component with its health, in start order."""
        return self._running_owner().status()

    def component(self, name: str) -> Loaded:
        """A component by its name. Raises NotFound."""
        known = self._components.get(name)
        if known is not None:
            return known
        handle = self._running_owner().component(name)
        if handle is None:
            raise NotFound(f"no component is called {name!r}",
                           hint="there are: " + ", ".join(each.name for each in self.status()))
        return self._components.setdefault(name, compose(handle, owned=False))

    def __getitem__(self, name: str) -> Loaded:
        return self.component(name)

    def find(self, kind: type[K]) -> K:
        """The component that offers a facet: the one with the facet's own name ("assets"), else the first. Raises
        Unsupported when there is none.
        """
        found = [component for component in (self.component(each.name) for each in self.status())
                 if isinstance(component, kind)]
        if not found:
            raise Unsupported(f"the node `{self.name}` has no {kind.__name__}")
        facet = str(getattr(kind, "_facet_name", "")).lower()
        return next((component for component in found if component.name == facet), found[0])

    @property
    def assets(self) -> Assets:
        """What the node shares and was given."""
        return self.find(Assets)

    @property
    def identity(self) -> Identity:
        """Who the node is and whom it knows."""
        return self.find(Identity)

    @property
    def keyring(self) -> Keyring:
        """The node's secrets at rest."""
        return self.find(Keyring)

    @property
    def access(self) -> Access:
        """The node's API keys."""
        return self.find(Access)

    @property
    def ledger(self) -> LoadedLedger:
        """What happened, with proofs."""
        return self.find(LoadedLedger)

    @property
    def transport(self) -> LoadedTransport:
        """Messages to and from peers."""
        return self.find(LoadedTransport)

    def __enter__(self) -> Node:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.stop()

    async def __aenter__(self) -> Node:
        return await asyncio.to_thread(self.start)

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        await asyncio.to_thread(self.stop)

    def __del__(self) -> None:
        if getattr(self, "_owner", None) is not None and self.running:
            warnings.warn("a node that was not stopped", ResourceWarning, source=self)
            self.stop()

    def __repr__(self) -> str:
        return f"<drawbridge.Node {self._file!r}{', running' if self.running else ''}>"
