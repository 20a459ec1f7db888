"""What the tests of the Python module share: the built module, engines to loop over, nodes in this process."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("DRAWBRIDGE_BUILD", TOP / "build"))
MODULE = BUILD / "python"
sys.path.insert(0, str(MODULE))
os.environ["DRAWBRIDGE_PLUGINS"] = str(BUILD / "plugins")

import drawbridge  # noqa: E402

drawbridge.log_level("error")


def engines():
    """The plugins of storages that stand alone: with no option at all, or with a path."""
    found = []
    for plugin in drawbridge.plugins():
        if not plugin.startswith("storage."):
            continue
        options = drawbridge.describe(plugin)["options"]
        if all(not option["required"] or option["name"] == "path" for option in options):
            found.append(plugin)
    return found


def open_storage(plugin, folder):
    has_path = any(option["name"] == "path" for option in drawbridge.describe(plugin)["options"])
    return drawbridge.storage(plugin, **({"path": Path(folder) / "data"} if has_path else {}))


def suites():
    return [plugin for plugin in drawbridge.plugins() if plugin.startswith("cipher.")]


@pytest.fixture(params=engines())
def store(request, tmp_path):
    with open_storage(request.param, tmp_path) as store:
        yield store


@pytest.fixture
def memory():
    with drawbridge.storage("storage.memory") as store:
        yield store


@pytest.fixture(params=suites())
def suite(request):
    with drawbridge.cipher(request.param) as suite:
        yield suite


def run_python(code, *, env=None, timeout=60):
    """Python code in a process of its own, for what ends or breaks one."""
    environment = dict(os.environ, PYTHONPATH=str(MODULE), **(env or {}))
    return subprocess.run([sys.executable, "-X", "faulthandler", "-c", code], capture_output=True, text=True,
                          timeout=timeout, env=environment)


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def make_home(folder, name):
    """A node's home, by the command line; the file of its configuration."""
    external, internal, peers = free_ports(3)
    made = subprocess.run([BUILD / "bin" / "drawbridge", "--json", "init", folder / name, "--name", name,
                           "--external", f"127.0.0.1:{external}", "--internal", f"127.0.0.1:{internal}",
                           "--peers", f"127.0.0.1:{peers}"], capture_output=True, text=True, timeout=60)
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["node_id"]
    return folder / name / "node.yaml"


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """alice and bob in this process, who know each other. Shared by the tests of a file, so nobody stops them."""
    folder = tmp_path_factory.mktemp("pair")
    with drawbridge.Node(make_home(folder, "alice"), log_level="error") as alice, \
            drawbridge.Node(make_home(folder, "bob"), log_level="error") as bob:
        alice.identity.add_peer(bob.identity.card)
        bob.identity.add_peer(alice.identity.card)
        yield alice, bob
