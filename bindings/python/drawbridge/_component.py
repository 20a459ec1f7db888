"""Components: what they have in common, and those that are loaded from plugins."""

from __future__ import annotations

import asyncio
import warnings
from types import TracebackType
from typing import Any, Awaitable, Callable, ClassVar, Dict, TypeVar, cast

from . import _drawbridge
from ._option import Option
from .errors import Unsupported
from .values import ComponentStatus, Health

T = TypeVar("T")
L = TypeVar("L", bound="Loaded")


def in_thread(function: Callable[..., T], *arguments: Any) -> Awaitable[T]:
    """The asynchronous form of a method that Python code has written: it runs in a thread of the loop's executor."""
    return asyncio.to_thread(function, *arguments)


class Component:
    """One configured instance of a plugin. A component offers facets by deriving from their classes.

    A facet's methods may be called from any thread. Each `name` has an asynchronous twin `aname` with the same
    arguments, errors and units; a class written in Python writes the plain one, and has the other for nothing.

    A node mounts a class of yours as `{plugin: python, module: my_store, class: Store}`. It may say what it takes in
    `options`, a dict of `drawbridge.Option`, which `__init__` gets by name; and have a method `start()`, called once
    before any other, and `stop()`, called last. Any method may be `async`. See docs/python.md.
    """

    #: What the class takes from the configuration.
    options: ClassVar[Dict[str, Option]] = {}

    def health(self) -> Health:
        """How the component feels. Cheap; shown by `drawbridge status` and `GET /health`."""
        return Health()


class Loaded(Component):
    """A component from a plugin. Open from the start; a context manager that closes it."""

    _facet_name = ""
    #: The facet's class for each facet's name, as the compiled part calls it.
    _facet_classes: dict[str, type[Loaded]] = {}

    def __init__(self, handle: _drawbridge.ComponentHandle, facets: dict[str, Any], owned: bool) -> None:
        self._handle = handle
        self._owner = handle.owner
        self._facets = facets
        self._owned = owned
        for kind in type(self).__mro__:
            name = kind.__dict__.get("_facet_name")
            if name:
                setattr(self, f"_{name.lower()}", facets[name])

    @property
    def name(self) -> str:
        """The component's name in the configuration, or what it was called when it was loaded."""
        return self._owner.name

    @property
    def closed(self) -> bool:
        return self._owner.closed

    @property
    def facets(self) -> list[str]:
        """The names of the facets that the component offers: ["Records", "Blobs"]."""
        return sorted(self._facets)

    def facet(self, kind: type[T]) -> T:
        """This component as one of its facets: `component.facet(drawbridge.Records)`. Raises Unsupported."""
        for name, loaded in self._facet_classes.items():
            if issubclass(loaded, kind) and name in self._facets:
                return cast(T, cast(Any, loaded)(self._handle, self._facets, False))
        raise Unsupported(f"`{self.name}` is no {kind.__name__}", hint=f"it is: {', '.join(self.facets) or 'nothing'}")

    def status(self) -> ComponentStatus:
        """Name, plugin, version and health. Raises Unavailable when closed."""
        return self._owner.status()[0]

    def health(self) -> Health:
        status = self.status()
        return Health(status.state, status.detail)

    def close(self) -> None:
        """Ends the calls that wait, closes what uses this component, then the component. Safe twice.

        A call in another thread has half a second to end well before it is cancelled. A component of a node is closed
        with the node: this does nothing then.
        """
        if self._owned:
            self._owner.close()

    def __enter__(self: L) -> L:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    async def __aenter__(self: L) -> L:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        await asyncio.to_thread(self.close)

    def __del__(self) -> None:
        if getattr(self, "_owned", False) and not self._owner.closed:
            warnings.warn(f"unclosed component {self.name!r}", ResourceWarning, source=self)
            self._owner.close()

    def __repr__(self) -> str:
        return f"<drawbridge {self.name!r}: {', '.join(self.facets)}{', closed' if self.closed else ''}>"


_composed: dict[tuple[str, ...], type[Loaded]] = {}


def compose(handle: _drawbridge.ComponentHandle, owned: bool) -> Loaded:
    """The object for a component: of a class that derives from the classes of all its facets."""
    facets = handle.facets()
    key = tuple(facets)
    kind = _composed.get(key)
    if kind is None:
        bases = tuple(Loaded._facet_classes[name] for name in key) or (Loaded,)
        kind = bases[0] if len(bases) == 1 else type("".join(key), bases, {"__doc__": " and ".join(key) + "."})
        _composed[key] = kind
    return kind(handle, facets, owned)


def register_composed(names: tuple[str, ...], kind: type[Loaded]) -> None:
    """A class that is written down, for the facets together."""
    _composed[names] = kind
