"""Real node processes for the tests: make a home, run it, talk to it by REST and by the command line.

What the tests know of paths, option names and JSON shapes beyond the single request is in this file.
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import requests

TOP = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("DRAWBRIDGE_BUILD", TOP / "build"))
DRAWBRIDGE = BUILD / "bin" / "drawbridge"
RAW = "application/octet-stream"

# The default limits are for real clients; the test that wants a 429 puts them back.
RAISED_LIMITS = "rate_per_second: 100000, rate_burst: 100000"


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def until(check, what, seconds=30):
    """Repeats `check` until it returns something true, and returns that."""
    deadline = time.monotonic() + seconds
    while True:
        result = check()
        if result:
            return result
        assert time.monotonic() < deadline, f"gave up after {seconds} s waiting until {what}"
        time.sleep(0.05)


def rfc3339(moment):
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def in_seconds(seconds):
    return rfc3339(datetime.now(timezone.utc) + timedelta(seconds=seconds))


def run_cli(*arguments, cwd=None, env=None, timeout=60, wrapper=()):
    """The command line, whatever it returns."""
    return subprocess.run([*wrapper, str(DRAWBRIDGE), *map(str, arguments)], capture_output=True, text=True,
                          timeout=timeout, cwd=cwd, env=dict(os.environ, **(env or {})), stdin=subprocess.DEVNULL)


class Node:
    """A node home and, between start() and stop(), its process."""

    def __init__(self, folder, name, ports=None, raise_limits=True):
        self.name = name
        self.home = Path(folder) / name
        self.external_port, self.internal_port, self.peers_port = ports or free_ports(3)
        self.process = None
        self.environment = {}  # what its processes have besides
        self.wrapper = []  # the command that runs the node as its own process
        made = run_cli("--json", "init", self.home, "--name", name,
                       "--external", f"127.0.0.1:{self.external_port}",
                       "--internal", f"127.0.0.1:{self.internal_port}",
                       "--peers", f"127.0.0.1:{self.peers_port}")
        assert made.returncode == 0, made.stderr
        answer = json.loads(made.stdout)
        self.id, self.key = answer["node_id"], answer["api_key"]
        if raise_limits:
            for api in ("api.external", "api.internal"):
                self.edit(f"plugin: {api},", f"plugin: {api}, {RAISED_LIMITS},")

    # The home.

    @property
    def config(self):
        return self.home / "node.yaml"

    @property
    def log(self):
        path = self.home / "node.log"
        return path.read_text(errors="replace") if path.exists() else ""

    @property
    def password_file(self):
        return next(self.home.rglob("master.pw"))

    def edit(self, old, new):
        """Replaces text of the configuration that must be there."""
        text = self.config.read_text()
        assert old in text, f"{self.config} has no '{old}':\n{text}"
        self.config.write_text(text.replace(old, new))

    # The command line.

    def cli(self, *arguments, **more):
        """Runs a command that must succeed and returns its JSON."""
        done = self.try_cli("--json", *arguments, **more)
        assert done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def try_cli(self, *arguments, **more):
        return run_cli("--home", self.home, *arguments, env=self.environment, **more)

    def card(self):
        done = self.try_cli("id", "--card")
        assert done.returncode == 0, done.stderr
        return done.stdout

    def add_peer(self, other):
        path = self.home / f"peer-{other.name}.card"
        path.write_text(other.card())
        self.cli("peers", "add", path)

    # The process.

    def launch(self):
        """Starts the process and does not wait until it serves."""
        with open(self.home / "node.log", "ab") as log:
            self.process = subprocess.Popen([*self.wrapper, DRAWBRIDGE, "--home", self.home, "run"], stdout=log,
                                            stderr=log, stdin=subprocess.DEVNULL,
                                            env=dict(os.environ, **self.environment))

    def start(self):
        self.launch()
        until(self.serves, f"{self.name} serves")
        return self

    def serves(self):
        assert self.process.poll() is None, f"{self.name} ended with {self.process.returncode}:\n{self.log[-4000:]}"
        try:
            return requests.get(self.url("/health"), timeout=5).status_code == 200
        except requests.ConnectionError:
            return False

    def stop(self):
        """SIGTERM, and a clean end."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            code = self.process.wait(timeout=30)
            assert code == 0, f"{self.name} ended with {code}:\n{self.log[-4000:]}"
        self.process = None

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(timeout=30)
        self.process = None

    def fails_to_run(self, seconds=30):
        """Runs a node that must refuse to run; its output."""
        done = self.try_cli("run", timeout=seconds, wrapper=self.wrapper)
        assert done.returncode != 0, f"{self.name} ran:\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    # REST.

    def url(self, path, internal=False):
        return f"http://127.0.0.1:{self.internal_port if internal else self.external_port}{path}"

    def request(self, method, path, key="", internal=False, headers=None, **more):
        """A request with this node's API key; another with key=…, none with key=None."""
        headers = dict(headers or {})
        if key is not None:
            headers.setdefault("X-API-Key", key or self.key)
        return requests.request(method, self.url(path, internal), headers=headers, timeout=60, **more)

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def try_share(self, data, recipient, **fields):
        return self.request("POST", "/share_data", json={"data": data, "recipient": recipient, **fields})

    def share(self, data, recipient, **fields):
        """Shares text; the answer."""
        answer = self.try_share(data, recipient, **fields)
        assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
        return answer.json()

    def share_raw(self, content, recipient, headers=None, **query):
        """Shares bytes, or what an iterator yields, as the body of the request; the answer."""
        answer = self.request("POST", "/share_data", params={"recipient": recipient, **query}, data=content,
                              headers={"Content-Type": RAW, **(headers or {})})
        assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
        return answer.json()

    def raw(self, data_hash, **headers):
        return self.get(f"/data/{data_hash}", headers={"Accept": RAW, **headers})

    def raw_as_it_comes(self, data_hash):
        """Status and body; of a body that is cut off, as much as has come."""
        connection = http.client.HTTPConnection("127.0.0.1", self.external_port, timeout=60)
        try:
            connection.request("GET", f"/data/{data_hash}", headers={"X-API-Key": self.key, "Accept": RAW})
            answer = connection.getresponse()
            try:
                return answer.status, answer.read()
            except http.client.IncompleteRead as cut:
                return answer.status, cut.partial
        finally:
            connection.close()

    def text(self, data_hash):
        answer = self.get(f"/data/{data_hash}")
        assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
        return answer.json()["data"]

    def revoke(self, data_hash):
        answer = self.request("DELETE", f"/data/{data_hash}")
        assert answer.status_code == 200, f"{answer.status_code} {answer.text}"

    def status_of(self, data_hash):
        return self.get(f"/data/{data_hash}").status_code

    def list(self, **query):
        """One page: its items, and the cursor of the next one, which is empty on the last."""
        answer = self.get("/data/list", params=query)
        assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
        body = answer.json()
        return body["items"], body.get("cursor") or ""

    def find(self, data_hash):
        """The item of the list, or nothing."""
        cursor = ""
        while True:
            items, cursor = self.list(limit=1000, **({"cursor": cursor} if cursor else {}))
            for item in items:
                if item["data_hash"] == data_hash:
                    return item
            if not cursor:
                return None

    def history(self, **query):
        """Events of the ledger, oldest first: of one asset with data_hash=…, else the first thousand."""
        query.setdefault("limit", 1000)
        answer = self.get("/compliance_history", params=query)
        assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
        return answer.json()["events"]

    def peers(self):
        answer = self.get("/network/peers")
        assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
        return {peer["name"]: peer for peer in answer.json()["peers"]}

    def verified(self, data_hash):
        answer = self.get(f"/verify_data/{data_hash}", key=None)
        return answer.status_code == 200 and answer.json()["verified"]


def introduce(a, b):
    a.add_peer(b)
    b.add_peer(a)


def raw_http(port, request, finish=True):
    """Sends bytes over a bare connection, closes the sending side, returns what comes back."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request)
        if finish:
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        try:
            while part := connection.recv(65536):
                answer += part
                if not finish and b"\r\n\r\n" in answer:
                    break
        except ConnectionResetError:
            pass
        return answer
