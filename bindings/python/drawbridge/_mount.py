"""What the node's plugin `python` calls to run a class that is written in Python. Nobody else does."""

from __future__ import annotations

import asyncio
import difflib
import importlib
import inspect
import os
import sys
import threading
import traceback
from datetime import timedelta
from pathlib import Path
from typing import Any, Callable, Coroutine
from urllib.parse import parse_qs

from ._api import Api, Request, encoded, route_of
from ._blobs import Blobs, BlobWriter
from ._cipher import ChunkCipher, CipherSuite, Hasher
from ._component import Component
from ._keeper import Keeper
from ._ledger import Ledger
from ._option import Option
from ._records import Records
from .errors import Invalid, NotFound, Unsupported
from .values import Health

FACETS: dict[str, type] = {"Records": Records, "Blobs": Blobs, "CipherSuite": CipherSuite, "Ledger": Ledger,
                           "Keeper": Keeper, "Api": Api}
OWN = os.path.dirname(os.path.abspath(__file__))
MAX_TRACE = 4000

def load(folder: str, module: str, name: str) -> tuple[type, list[str], list[tuple[str, Option]]]:
    """Imports the module and finds the class, the names of its facets, and its options. Raises Error with what is
    wrong, in the words of whoever writes the configuration.
    """
    if folder and folder not in sys.path:
        sys.path.insert(0, folder)
        importlib.invalidate_caches()
    found = _imported(folder, module)
    kind = getattr(found, name, None)
    if kind is None:
        classes = [key for key, value in vars(found).items() if isinstance(value, type)]
        near = difflib.get_close_matches(name, classes, 1)
        raise NotFound(f"the module `{module}` has no class `{name}`" +
                       (f", did you mean `{near[0]}`?" if near else ""), hint=f"it is {found.__file__}")
    if not isinstance(kind, type):
        raise Invalid(f"`{module}.{name}` is no class but a {type(kind).__name__}")
    facets = [facet for facet, base in FACETS.items() if issubclass(kind, base)]
    if not facets:
        raise Unsupported(f"the class `{module}.{name}` has no facet",
                          hint="derive it from " + ", ".join(f"drawbridge.{facet}" for facet in FACETS))
    missing = sorted(getattr(kind, "__abstractmethods__", ()))
    if missing:
        raise Invalid(f"the class `{module}.{name}` lacks {', '.join(f'`{method}`' for method in missing)}",
                      hint=f"a drawbridge.{facets[0]} needs these methods; see its documentation")
    return kind, facets, _options(kind, f"{module}.{name}")


def _imported(folder: str, module: str) -> Any:
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0] and error.name != module:
            raise
        raise NotFound(f"there is no module `{module}`", hint=f"looked in {folder or 'the path of Python'}; `path` is "
                       "the folder of the module") from None
    file = getattr(found, "__file__", None)
    if folder and file and not Path(file).resolve().is_relative_to(Path(folder).resolve()):
        raise Invalid(f"the module `{module}` is already loaded from {file}, and not from {folder}",
                      hint="one process has one module of a name: call it otherwise")
    return found


def _options(kind: type, name: str) -> list[tuple[str, Option]]:
    declared = getattr(kind, "options", {})
    if not isinstance(declared, dict):
        raise Invalid(f"`{name}.options` is a {type(declared).__name__}, not a dict of drawbridge.Option")
    for key, option in declared.items():
        if not isinstance(key, str) or not key.isidentifier() or not isinstance(option, Option):
            raise Invalid(f"`{name}.options`: {key!r} is no name with a drawbridge.Option")
    return list(declared.items())




def arguments(kind: str, value: Any) -> Any:
    """The value of an option as Python code gets it."""
    if kind == "path":
        return Path(value)
    if kind == "duration":
        return timedelta(milliseconds=value)
    return value


def health_of(instance: Component) -> Health | None:
    """What the class itself says; None when it says nothing of its own."""
    return instance.health() if type(instance).health is not Component.health else None


def is_coroutine(value: Any) -> bool:
    return inspect.iscoroutine(value)


def query_of(text: str) -> dict[str, list[str]]:
    return parse_qs(text, keep_blank_values=True, max_num_fields=1000)


def request(method: str, path: str, parameters: dict[str, str], query: str, headers: dict[str, str], body: bytes,
            client: str, address: str, id: str) -> Request:
    return Request(method, path, parameters, query_of(query), headers, body, client, address, id)


def explain(error: BaseException) -> tuple[str, str]:
    """One line that says what went wrong and where, and the traceback."""
    if isinstance(error, Ended) and error.__cause__ is not None:
        error = error.__cause__
    kind = type(error).__name__
    try:
        text = str(error)
    except Exception:  # an exception of theirs may be as broken as the rest
        text = ""
    if isinstance(error, SyntaxError):
        where = f"{os.path.basename(error.filename or '?')}:{error.lineno}"
        text = error.msg
    else:
        where = _place(error)
    if isinstance(error, SystemExit):
        text = f"the code asked to end the process ({text})"
    line = f"{kind}: {text}" if text else kind
    trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    return (f"{line} ({where})" if where else line), trace[-MAX_TRACE:]


def _place(error: BaseException) -> str:
    """The innermost line of the plugin: of code that is neither Drawbridge's nor a library's."""
    places = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    libraries = tuple({os.path.dirname(os.__file__), OWN})
    own = [place for place in places if not place[0].startswith(libraries) and not place[0].startswith("<")]
    chosen = (own or places)[-1:]
    return "".join(f"{os.path.basename(file)}:{line}" for file, line in chosen)


class Late(Exception):
    """A coroutine that did not end in time, and was cancelled."""


class Ended(Exception):
    """A coroutine that asked to end the process; its cause says how."""


async def _contained(coroutine: Coroutine[Any, Any, Any]) -> Any:
    try:
        return await coroutine
    except (SystemExit, KeyboardInterrupt) as error:  # these would end the loop
        raise Ended from error


async def _bounded(coroutine: Coroutine[Any, Any, Any], seconds: float) -> Any:
    task = asyncio.ensure_future(_contained(coroutine))
    done, _ = await asyncio.wait({task}, timeout=seconds)
    if not done:
        task.cancel()
        raise Late
    return task.result()


class Loop:
    """The asyncio loop of one component, in a thread of its own, which begins with the first coroutine."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    def run(self, coroutine: Coroutine[Any, Any, Any], seconds: float, done: Callable[[Any], None]) -> None:
        """`done` gets the future, in the loop's thread."""
        future = asyncio.run_coroutine_threadsafe(_bounded(coroutine, seconds), self._running())
        future.add_done_callback(done)

    def stop(self) -> None:
        with self._lock:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._loop.stop)
                self._loop = None

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._serve, args=(self._loop,), name=self._name, daemon=True).start()
            return self._loop

    @staticmethod
    def _serve(loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
        finally:
            loop.close()


def check(what: str, value: Any) -> Any:
    """An object that a facet's method returns, as it must be. Raises TypeError."""
    kinds: dict[str, type] = {"BlobWriter": BlobWriter, "Hasher": Hasher, "ChunkCipher": ChunkCipher}
    if not isinstance(value, kinds[what]):
        raise TypeError(f"a drawbridge.{what} is expected")
    return value


