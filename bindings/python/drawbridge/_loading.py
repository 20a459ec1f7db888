"""Loading plugins one by one, without a configuration file."""

from __future__ import annotations

import itertools
import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any, List, TypeVar, Union

from . import _drawbridge
from ._blobs import LoadedBlobs
from ._cipher import LoadedSuite
from ._component import Loaded, compose, register_composed
from .errors import Unsupported
from ._keeper import LoadedKeeper
from ._ledger import LoadedLedger
from ._records import LoadedRecords
from ._transport import LoadedTransport

#: The value of an option: a component to use, or what YAML would have.
Option = Union[Loaded, str, bool, int, "os.PathLike[str]", timedelta, List[Any]]
K = TypeVar("K", bound=Loaded)

LEVELS = ("trace", "debug", "info", "warning", "error", "off")

_numbers = itertools.count(1)


class Storage(LoadedRecords, LoadedBlobs):
    """Records, used like a dict, and blobs."""


register_composed(("Records", "Blobs"), Storage)


def _text(value: Any) -> Any:
    """An option's value as a configuration would have it: text, or a list of texts."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return [_text(item) for item in value]
    if isinstance(value, timedelta):
        return f"{value // timedelta(milliseconds=1)}ms"
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, (str, int)):
        return str(value)
    raise TypeError(f"an option is a component, text, a number, a flag, a path, a time or a list, not {type(value)!r}")


def component(plugin: str, name: str | None = None, /, **options: Option) -> Loaded:
    """Loads a plugin and starts one component of it, which is open until it is closed.

        store = drawbridge.component("storage.rocksdb", path="./data")
        ledger = drawbridge.component("chain.local", records=store, identity=identity)

    Options are those of the configuration; `drawbridge.describe(plugin)` lists them. One that refers to another
    component takes the component. Relative paths begin in the current folder. `name` is for logs and messages.

    Raises NotFound for an unknown plugin, Invalid with all that is wrong with the options, and what its start raises.
    """
    uses = {key: value._handle for key, value in options.items() if isinstance(value, Loaded)}
    texts = {key: _text(value) for key, value in options.items() if key not in uses and value is not None}
    name = name or f"{plugin.rpartition('.')[2]}-{next(_numbers)}"
    return compose(_drawbridge.open_component(plugin, name, texts, uses, os.getcwd()), owned=True)


def _expect(loaded: Loaded, kind: type[K]) -> K:
    if isinstance(loaded, kind):
        return loaded
    loaded.close()
    raise Unsupported(f"{loaded!r} is no {kind.__name__}", hint="drawbridge.component loads any plugin")


def storage(plugin: str, name: str | None = None, /, **options: Option) -> Storage:
    """A storage: records, used like a dict, and blobs. See `component`."""
    return _expect(component(plugin, name, **options), Storage)


def cipher(plugin: str, name: str | None = None, /, **options: Option) -> LoadedSuite:
    """A cipher suite. See `component`."""
    return _expect(component(plugin, name, **options), LoadedSuite)


def ledger(plugin: str, name: str | None = None, /, **options: Option) -> LoadedLedger:
    """A ledger. See `component`."""
    return _expect(component(plugin, name, **options), LoadedLedger)


def keeper(plugin: str, name: str | None = None, /, **options: Option) -> LoadedKeeper:
    """A keeper. See `component`."""
    return _expect(component(plugin, name, **options), LoadedKeeper)


def transport(plugin: str, name: str | None = None, /, **options: Option) -> LoadedTransport:
    """A transport. See `component`."""
    return _expect(component(plugin, name, **options), LoadedTransport)


def plugins() -> List[str]:
    """The ids of the plugins that there are."""
    return _drawbridge.plugins()


def describe(plugin: str) -> dict[str, Any]:
    """A plugin's id, version, summary and options. Raises NotFound."""
    described: dict[str, Any] = json.loads(_drawbridge.describe(plugin))
    return described


def log_level(level: str) -> None:
    """What components that are loaded alone log to standard error: "trace", "debug", "info", "warning" (the default),
    "error" or "off". Counts from before the first one is loaded; a node's configuration says it for itself.
    """
    if level not in LEVELS:
        raise ValueError(f"{level!r} is not one of {', '.join(LEVELS)}")
    _drawbridge.set_log_level(LEVELS.index(level))


def plugin_folders() -> List[str]:
    """Where plugins are looked for: DRAWBRIDGE_PLUGINS (folders separated by colons), else beside this package."""
    given = [folder for folder in os.environ.get("DRAWBRIDGE_PLUGINS", "").split(":") if folder]
    if given:
        return given
    here = Path(__file__).resolve().parent
    for folder in (here / "plugins", here.parent.parent / "plugins"):
        if folder.is_dir():
            return [str(folder)]
    return [str(here / "plugins")]
