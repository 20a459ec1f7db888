"""Options of a component that is written in Python."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, List, NamedTuple, Optional, Tuple, Union


class Option(NamedTuple):
    """One option of a class that a node mounts: what it is in the configuration, and what it means.

        class Store(drawbridge.Records):
            options = {
                "file": drawbridge.Option.path("Where the records are kept."),
                "cache": drawbridge.Option.size("Memory for the cache.", "64MiB", at_most="1GiB"),
            }

            def __init__(self, file: Path, cache: int) -> None: ...

    The node parses and bounds the values, refuses others with the line of the file, and passes them to the class by
    name. A text or a path without a default must be given; everything else needs a default.
    """

    kind: str
    doc: str  #: One sentence.
    default: Any = None
    at_least: Any = None
    at_most: Any = None
    choices: Tuple[str, ...] = ()

    @staticmethod
    def text(doc: str, default: Optional[str] = None) -> Option:
        """A str."""
        return Option("text", doc, default)

    @staticmethod
    def path(doc: str, default: Optional[str] = None) -> Option:
        """A `pathlib.Path`; a relative one in the configuration is relative to its file."""
        return Option("path", doc, default)

    @staticmethod
    def number(doc: str, default: int, at_least: int = 0, at_most: int = 2**53) -> Option:
        """An int."""
        return Option("number", doc, default, at_least, at_most)

    @staticmethod
    def size(doc: str, default: Union[int, str], at_least: Union[int, str] = 0,
             at_most: Union[int, str] = "1TiB") -> Option:
        """Bytes, an int; "64MiB" in the configuration, and here if you like."""
        return Option("size", doc, size_of(default), size_of(at_least), size_of(at_most))

    @staticmethod
    def duration(doc: str, default: timedelta, at_least: timedelta = timedelta(0),
                 at_most: timedelta = timedelta(days=36500)) -> Option:
        """A `datetime.timedelta` with millisecond steps; "30s" in the configuration."""
        return Option("duration", doc, _ms(default), _ms(at_least), _ms(at_most))

    @staticmethod
    def flag(doc: str, default: bool = False) -> Option:
        """A bool."""
        return Option("flag", doc, default)

    @staticmethod
    def choice(doc: str, choices: List[str], default: str) -> Option:
        """One of several words, a str."""
        return Option("choice", doc, default, choices=tuple(choices))

    @staticmethod
    def list(doc: str, default: Tuple[str, ...] = ()) -> Option:
        """A list of str."""
        return Option("list", doc, tuple(default))

    @staticmethod
    def secret(doc: str) -> Option:
        """A `drawbridge.Secret`. In the configuration it is NAME_file or NAME_env, never the secret itself."""
        return Option("secret", doc)


_UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}


def size_of(size: Union[int, str]) -> int:
    if isinstance(size, int):
        return size
    digits = size.rstrip("BKMGTi")
    return int(digits) * _UNITS[size[len(digits):] or "B"]


def _ms(time: timedelta) -> int:
    return time // timedelta(milliseconds=1)
