"""The daemon mounts Python classes: a whole node on a Python storage, an API, and what a bug does to a node."""

import json
import os
import re
import signal
import subprocess
import threading
import urllib.error
import urllib.request

import pytest

from conftest import BUILD, TOP, make_home

DRAWBRIDGE = BUILD / "bin" / "drawbridge"
PLUGINS = TOP / "tests" / "python" / "plugins"


class Daemon:
    """`drawbridge run FILE`, ready."""

    def __init__(self, file):
        environment = dict(os.environ, DRAWBRIDGE_PLUGINS=str(BUILD / "plugins"))
        self.process = subprocess.Popen([DRAWBRIDGE, "run", file], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True, env=environment)
        self.lines = []
        self.ready = threading.Event()
        threading.Thread(target=self.read, daemon=True).start()
        assert self.ready.wait(60) and self.process.poll() is None, self.text()

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line)
            if "ready in" in line:
                self.ready.set()
        self.ready.set()

    def text(self):
        return "".join(self.lines)

    def url(self):
        return re.findall(r"main: listening on (http://\S+)", self.text())[0]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


def run(*command):
    environment = dict(os.environ, DRAWBRIDGE_PLUGINS=str(BUILD / "plugins"))
    return subprocess.run([DRAWBRIDGE, *command], capture_output=True, text=True, timeout=60, env=environment)


def config(folder, text):
    file = folder / "node.yaml"
    file.write_text("node: {name: alice}\nparts:\n" + text.replace("PATH", str(PLUGINS)))
    return file


@pytest.fixture
def api(tmp_path):
    daemon = Daemon(config(tmp_path, """
  main: {plugin: python, module: facets, class: Api, path: PATH, listen: "127.0.0.1:0", greeting: hi}
  bad:  {plugin: python, module: bugs, class: Raises, path: PATH}
"""))
    yield daemon
    assert daemon.stop() == 0, daemon.text()


def ask(url, data=None):
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def test_an_api(api):
    url = api.url()
    status, headers, body = ask(url + "/hello/a%20b?x=1&x=2")
    assert status == 200 and headers["Content-Type"] == "application/json"
    assert json.loads(body) == {"hi": "a b", "query": {"x": ["1", "2"]}}
    status, headers, body = ask(url + "/echo", b'{"a": [1, 2]}')
    assert (status, headers["X-Kind"], json.loads(body)) == (201, "application/json", {"a": [1, 2]})
    assert ask(url + "/echo", b"{")[0] == 422
    assert ask(url + "/raw")[2] == b"\x00\xff"
    assert ask(url + "/nothing")[0] == 204
    status, _, body = ask(url + "/refused")
    assert status == 403 and json.loads(body)["error"] == "not for you"
    assert ask(url + "/elsewhere")[0] == 404
    for broken in ("/broken", "/odd"):
        status, _, body = ask(url + broken)
        assert status == 500 and b"facets.py" not in body and b"Attribute" not in body
    assert "facets.py:" in api.text() and "no_such_thing" in api.text()
    assert ask(url + "/hello/you")[0] == 200


@pytest.mark.parametrize("options, said", [
    ("module: nowhere, class: Store", "there is no module `nowhere`"),
    ("module: memory_store", "`class` is missing"),
    ("module: broken.syntax, class: Store", "SyntaxError: invalid syntax (syntax.py:1)"),
    ("module: bugs, class: Optioned, file: f, limit: 99", "`limit`"),
    ("module: bugs, class: Half", "lacks `commit`, `scan`"),
])
def test_check_tells_what_is_wrong_and_where(tmp_path, options, said):
    file = config(tmp_path, f"  main: {{plugin: python, path: PATH, {options}}}\n")
    checked = run("check", file)
    assert checked.returncode != 0 and said in checked.stderr
    assert f"{file}:3:" in checked.stderr


def test_check_of_a_class_that_lacks_a_facet(tmp_path):
    file = config(tmp_path, """
  main: {plugin: python, module: facets, class: Keeper, path: PATH}
  keys: {plugin: service.keyring, records: main, suite: suite, password_file: pw, key_file: keys}
  suite: {plugin: cipher.fernet}
""")
    checked = run("check", file)
    assert checked.returncode != 0 and "(python) is no Records" in checked.stderr


def test_describe_shows_the_options_of_the_plugin():
    described = run("describe", "python")
    assert described.returncode == 0
    for option in ("module", "class", "path", "call_timeout", "threads"):
        assert f"  {option}\n" in described.stdout


def test_the_example_serves_a_whole_node(tmp_path):
    """A home made by `drawbridge init`, its records in Python: shared, stopped, started, opened."""
    file = make_home(tmp_path, "alice")
    text = file.read_text()
    assert "records: main" in text
    text = text.replace("records: main", "records: pyrecords").replace("storage:\n", "storage:\n  pyrecords: {plugin: "
           f"python, module: store, class: Store, path: {TOP}/examples/python, file: {tmp_path}/r.sqlite, "
           "threads: 1}\n", 1)
    file.write_text(text)
    daemon = Daemon(file)
    content = tmp_path / "content"
    content.write_bytes(os.urandom(300_000))
    shared = run("--home", file.parent, "--json", "share", content, "--to", "alice")
    assert shared.returncode == 0, shared.stderr + daemon.text()
    asset = json.loads(shared.stdout)["data_hash"]
    assert daemon.stop() == 0, daemon.text()
    daemon = Daemon(file)
    got = run("--home", file.parent, "get", asset, "-o", tmp_path / "back")
    assert got.returncode == 0, got.stderr + daemon.text()
    assert (tmp_path / "back").read_bytes() == content.read_bytes()
    assert daemon.stop() == 0, daemon.text()


def test_it_does_not_run_in_a_process_of_its_own(tmp_path):
    options = "isolate: process, path: PATH, module: memory_store, class: Store"
    file = config(tmp_path, f"  main: {{plugin: python, {options}}}\n")
    checked = run("check", file)
    assert checked.returncode != 0 and "cannot run in a process of its own" in checked.stderr
