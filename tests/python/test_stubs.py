"""The types: mypy --strict over the package and over code that uses it, and stubs that say what is there."""

import inspect
import os
import subprocess

import drawbridge
from conftest import MODULE, TOP
from drawbridge import _drawbridge

USE = '''
import asyncio
from pathlib import Path
import drawbridge

with drawbridge.storage("storage.memory", max_bytes="64MiB") as store:
    store[b"k"] = bytearray(b"v")
    value: bytes = store[b"k"]
    maybe: bytes | None = store.get(b"k")
    sure: bytes = store.get(b"k", b"")
    for key, content in store.items(prefix=b"p"):
        joined: bytes = key + content
    with store.batch() as batch:
        batch.expect_absent(b"n").put(b"n", b"v")
    id: str = store.put(Path("file"))

    async def main() -> bytes | None:
        return await store.aget(b"k")

    asyncio.run(main())

with drawbridge.Node("alice.yaml") as node:
    shared: drawbridge.Shared = node.assets.share(b"content", to="bob")
    states: list[str] = [each.state for each in node.status()]


class Store(drawbridge.Records):
    def get(self, key: bytes) -> bytes | None:
        return None

    def scan(self, prefix: bytes, after: bytes, limit: int) -> drawbridge.RecordsPage:
        return drawbridge.RecordsPage([], False)

    def commit(self, batch: drawbridge.Batch) -> None:
        pass


Store()[b"k"]
'''
WRONG = '''
import drawbridge
store = drawbridge.storage("storage.memory")
store["text"]  # error
store[b"k"] = 5  # error
number: int = store[b"k"]  # error
drawbridge.cipher("cipher.fernet").hash("text")  # error
class Half(drawbridge.Records):
    def get(self, key: bytes) -> bytes | None: ...
Half()  # error
'''


def mypy(tmp_path, *arguments):
    return subprocess.run(["/usr/bin/python3", "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"),
                           *arguments], capture_output=True, text=True, cwd=MODULE, timeout=300,
                          env=dict(os.environ, MYPYPATH=str(MODULE)))


def test_the_package_is_typed(tmp_path):
    done = mypy(tmp_path, "-p", "drawbridge")
    assert done.returncode == 0, done.stdout


def test_use_is_checked(tmp_path):
    (tmp_path / "use.py").write_text(USE)
    (tmp_path / "wrong.py").write_text(WRONG)
    done = mypy(tmp_path, str(tmp_path / "use.py"))
    assert done.returncode == 0, done.stdout
    done = mypy(tmp_path, str(tmp_path / "wrong.py"))
    expected = {number for number, line in enumerate(WRONG.splitlines(), 1) if line.endswith("# error")}
    found = {int(line.split(":")[1]) for line in done.stdout.splitlines() if ": error:" in line}
    assert found == expected, done.stdout


def test_examples_are_typed(tmp_path):
    for example in sorted((TOP / "examples" / "python").glob("*.py")):
        done = mypy(tmp_path, str(example))
        assert done.returncode == 0, done.stdout


def stub_names():
    """{class: its names} of the stub, by a simple look: it is written in a simple way."""
    classes, current = {"": set()}, ""
    for line in (MODULE / "drawbridge" / "_drawbridge.pyi").read_text().splitlines():
        if line.startswith("class "):
            current = line.removeprefix("class ").split("(")[0].rstrip(":")
            classes[current] = set()
        elif line.startswith("def "):
            classes[""].add(line.removeprefix("def ").split("(")[0])
        elif line.strip().startswith("def "):
            classes[current].add(line.strip().removeprefix("def ").split("(")[0])
    return classes


def test_the_stub_says_what_is_there():
    for name, methods in stub_names().items():
        there = vars(_drawbridge) if not name else vars(getattr(_drawbridge, name))
        public = {key for key in there if not key.startswith("_") and (name or not inspect.isclass(there[key]))}
        public -= {"version"}
        documented = {method for method in methods if not method.startswith("__")}
        assert documented == public, f"{name or 'module'}: {documented ^ public}"


def test_everything_public_has_a_docstring():
    missing = []
    for name in drawbridge.__all__:
        thing = getattr(drawbridge, name)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            if not inspect.getdoc(thing):
                missing.append(name)
    for kind in (drawbridge.Records, drawbridge.Blobs, drawbridge.Assets, drawbridge.Node, drawbridge.Loaded):
        for name, method in vars(kind).items():
            twin = name.startswith("a") and hasattr(kind, name[1:])
            if inspect.isfunction(method) and not name.startswith("_") and not twin and not inspect.getdoc(method):
                missing.append(f"{kind.__name__}.{name}")
    assert missing == []


def test_each_method_that_may_wait_has_a_twin():
    for kind in (drawbridge.Records, drawbridge.Blobs, drawbridge.Ledger, drawbridge.Keeper, drawbridge.CipherSuite):
        for name in kind.__abstractmethods__:
            quick = name in ("suite", "address_prefix", "algorithms", "hasher", "chunk_cipher", "password_parameters",
                             "keeper")
            assert quick or hasattr(kind, "a" + name), f"{kind.__name__}.a{name}"
