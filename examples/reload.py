#!/usr/bin/env python3
"""A node that is reloaded again and again while clients work with it: how many requests, how many failed, what memory.

    examples/reload.py [--reloads 200] [--clients 6]

Makes a node in a temporary folder, starts it, and lets clients share, open, verify and list over connections that they
keep. Meanwhile the configuration changes: options of the storage (which replaces all that uses it), limits of the REST
interface, options of the transport, log levels. Any answer that is not the expected one, and any connection that
breaks, is a failure. Needs a build, and no package beside Python.
"""

import argparse
import base64
import collections
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
DRAWBRIDGE = Path(os.environ.get("DRAWBRIDGE", TOP / "build/bin/drawbridge"))

Result = collections.namedtuple("Result", "reloads requests failures rss replaced slowest_reload_s")


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class Node:
    """A node in a folder of its own, as a process."""

    def __init__(self, folder):
        self.home = Path(folder) / "alice"
        self.external, self.internal, peers = free_ports(3)
        made = self.cli("init", str(self.home), "--name", "alice", "--external", f"127.0.0.1:{self.external}",
                        "--internal", f"127.0.0.1:{self.internal}", "--peers", f"127.0.0.1:{peers}")
        self.key = made["api_key"]
        self.config = self.home / "node.yaml"
        self.template = self.config.read_text()
        self.write(0)
        self.log = open(self.home / "node.log", "wb")
        self.process = subprocess.Popen([DRAWBRIDGE, "--home", self.home, "run"], stdout=self.log, stderr=self.log)
        while self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.external), timeout=5).close()
                return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError((self.home / "node.log").read_text())

    def cli(self, *arguments):
        done = subprocess.run([DRAWBRIDGE, "--json", *arguments], capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise RuntimeError(f"drawbridge {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return json.loads(done.stdout)

    def write(self, round_number):
        """The configuration of this round: one of four things is another one than before. The caches are small, so that
        they are full soon, and what the memory does later comes from the reloads."""
        turn = [(round_number + 3 - i) // 4 % 2 for i in range(4)]
        text = self.template
        storage = f"write_buffer: 1MiB, cache: {[1, 2][turn[0]]}MiB, max_queue: {[4096, 2048][turn[0]]},"
        changes = [("plugin: storage.rocksdb,", storage),
                   ("plugin: api.external,", f"rate_per_second: {[900000, 800000][turn[1]]}, rate_burst: 900000,"),
                   ("plugin: transport.tls,", f"keepalive: {[15, 20][turn[2]]}s,")]
        for place, options in changes:
            assert place in text, f"{self.config} has no '{place}'"
            text = text.replace(place, f"{place} {options}")
        self.config.write_text(text.replace("level: info", f"level: {['info', 'warning'][turn[3]]}"))

    def reload(self):
        return self.cli("--home", str(self.home), "reload")

    def rss_kib(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=60)
        self.log.close()
        return code


class Client(threading.Thread):
    """Works on one connection, which it never expects to break, until it is told to end."""

    def __init__(self, node, number):
        super().__init__(daemon=True)
        self.node, self.number, self.ended = node, number, threading.Event()
        self.requests, self.failures = 0, []

    def run(self):
        self.connection = self.connect()
        while not self.ended.is_set():
            try:
                self.work()
            except (OSError, http.client.HTTPException, AssertionError) as failure:
                self.failures.append(f"client {self.number}: {type(failure).__name__}: {failure}")
                self.connection.close()
                self.connection = self.connect()

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.node.external, timeout=60)

    def ask(self, method, path, body=None, accept="application/json"):
        self.requests += 1
        reused = self.connection.sock is not None
        headers = {"X-API-Key": self.node.key, "Accept": accept, "Content-Type": "application/json"}
        self.connection.request(method, path, body and json.dumps(body), headers)
        answer = self.connection.getresponse()
        content = answer.read()
        assert answer.status == 200, f"{method} {path}: {answer.status} {content[:300]}"
        assert not answer.will_close, f"{method} {path}: the connection was closed (reused: {reused})"
        return content

    def work(self):
        data = base64.b64encode(os.urandom(48 if self.number % 3 else 200_000)).decode()
        shared = json.loads(self.ask("POST", "/share_data", {"data": data, "recipient": "alice"}))
        data_hash = shared["data_hash"]
        opened = self.ask("GET", f"/data/{data_hash}", accept="application/octet-stream")
        assert opened.decode() == data, "other content came back"
        assert json.loads(self.ask("GET", f"/verify_data/{data_hash}"))["verified"], "not verified"
        assert json.loads(self.ask("GET", "/data/list?limit=5"))["items"], "an empty list"
        self.ask("GET", "/network/stats")


def run(reloads=200, clients=6, tell=lambda line: None):
    with tempfile.TemporaryDirectory(prefix="drawbridge-reload-") as folder:
        node = Node(folder)
        workers = [Client(node, number) for number in range(clients)]
        try:
            for worker in workers:
                worker.start()
            rss, replaced, slowest = [], 0, 0.0
            for number in range(1, reloads + 1):
                node.write(number)
                begin = time.monotonic()
                replaced += len(node.reload()["replaced"])
                slowest = max(slowest, time.monotonic() - begin)
                rss.append(node.rss_kib())
                if number % 20 == 0:
                    tell(f"{number:4} reloads  {sum(w.requests for w in workers):7} requests  "
                         f"{sum(len(w.failures) for w in workers)} failures  {rss[-1] / 1024:.1f} MiB")
        finally:
            for worker in workers:
                worker.ended.set()
            for worker in workers:
                worker.join(timeout=60)
            code = node.stop()
        failures = [failure for worker in workers for failure in worker.failures]
        if code != 0:
            failures.append(f"the node ended with {code}: {(node.home / 'node.log').read_text()[-2000:]}")
        return Result(reloads, sum(w.requests for w in workers), failures, rss, replaced, slowest)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reloads", type=int, default=200)
    parser.add_argument("--clients", type=int, default=6)
    arguments = parser.parse_args()
    result = run(arguments.reloads, arguments.clients, tell=print)
    # Caches fill in the beginning, whether or not anything is reloaded.
    settled = result.rss[len(result.rss) // 4]
    print(f"\nreloads   {result.reloads}, which replaced {result.replaced} components; the slowest took "
          f"{result.slowest_reload_s:.2f} s\nrequests  {result.requests}\nfailures  {len(result.failures)}\n"
          f"memory    {result.rss[0] / 1024:.1f} MiB after the first reload, {settled / 1024:.1f} MiB after a quarter, "
          f"{result.rss[-1] / 1024:.1f} MiB at the end")
    for failure in result.failures[:20]:
        print(failure, file=sys.stderr)
    return 1 if result.failures else 0


if __name__ == "__main__":
    sys.exit(main())
