#!/usr/bin/python3
"""All benchmarks of Drawbridge: `make bench`. Prints one line a measurement: name, figure, bound, and whether it holds.

Ratios are taken side by side in one run, A B A B, as medians. Needs nginx and wrk (make bench installs them). Exits
with 1 when a bound does not hold. `--quick` does fewer and shorter rounds and 64 MiB instead of 1 GiB."""

import argparse
import http.client
import json
import mmap
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("DRAWBRIDGE_BUILD", ROOT / "build"))
DRAWBRIDGE = BUILD / "bin" / "drawbridge"
PLUGINS = f"{BUILD / 'plugins'}:{BUILD / 'bench-plugins'}"
failures = []


def report(name, figure, bound=None, holds=None):
    mark = "" if holds is None else ("ok" if holds else "MISSED")
    print(f"{name:58} {figure:>26}  {bound or '':24} {mark}", flush=True)
    if holds is False:
        failures.append(name)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_http(port, path="/health", seconds=20):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", path)
            connection.getresponse().read()
            return
        except OSError:
            time.sleep(0.01)
    raise SystemExit(f"nothing answers on port {port}")


class Process:
    """A server under measurement; ended by its own process id."""

    def __init__(self, command, log, env=None):
        self.log = open(log, "wb")
        self.child = subprocess.Popen(command, stdout=self.log, stderr=self.log, env=env)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(20)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self.log.close()

    def memory_kib(self, field="VmRSS"):
        status = pathlib.Path(f"/proc/{self.child.pid}/status").read_text()
        return int(re.search(rf"^{field}:\s+(\d+)", status, re.M).group(1))


def node_env():
    return {**os.environ, "DRAWBRIDGE_PLUGINS": PLUGINS}


def wrk(url, key=None, seconds=3):
    """Requests a second over 64 kept connections, wrk on the second core."""
    command = ["taskset", "-c", "1", "wrk", "-t1", "-c64", f"-d{seconds}s"]
    if key:
        command += ["-H", f"X-API-Key: {key}"]
    out = subprocess.run(command + [url], check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in out or "Socket errors" in out:
        raise SystemExit("wrk saw errors:\n" + out)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))


def measure_http(work, rounds, seconds):
    port, nginx_port = free_port(), free_port()
    (work / "www").mkdir()
    (work / "www" / "file").write_bytes(os.urandom(1024))
    os.chmod(work, 0o755)
    (work / "nginx.conf").write_text(
        f"worker_processes 1; daemon off; pid {work}/nginx.pid; error_log {work}/nginx.log; user root;\n"
        f"events {{ worker_connections 1024; }}\n"
        f"http {{ access_log off; sendfile on; tcp_nopush on; tcp_nodelay on; keepalive_requests 1000000000;\n"
        f" open_file_cache max=16;\n"
        f" server {{ listen 127.0.0.1:{nginx_port}; root {work}/www; }} }}\n")
    (work / "http.yaml").write_text(f"""
node: {{name: bench, data: {work}/http-data, io_threads: 1}}
log: {{level: warning}}
storage: {{main: {{plugin: storage.memory}}}}
services: {{access: {{plugin: service.access, records: main, cookie_file: "{work}/cookie"}}}}
apis: {{blob: {{plugin: bench.blob, blobs: main, listen: "127.0.0.1:{port}", rate_per_second: 0}}}}
""")
    nginx = ["taskset", "-c", "0", "nginx", "-c", str(work / "nginx.conf")]
    node = ["taskset", "-c", "0", str(DRAWBRIDGE), "run", str(work / "http.yaml")]
    with Process(nginx, work / "nginx.out"), Process(node, work / "http.out", node_env()):
        wait_http(nginx_port, "/file")
        wait_http(port)
        key = (work / "cookie").read_text().strip()
        base, health, blob = [], [], []
        for _ in range(rounds):
            base.append(wrk(f"http://127.0.0.1:{nginx_port}/file", None, seconds))
            health.append(wrk(f"http://127.0.0.1:{port}/health", key, seconds))
            base.append(wrk(f"http://127.0.0.1:{nginx_port}/file", None, seconds))
            blob.append(wrk(f"http://127.0.0.1:{port}/blob/bench", key, seconds))
    nginx_rate = statistics.median(base)
    report("nginx, a file of 1 KiB", f"{nginx_rate:,.0f} requests/s")
    for name, rates in (("GET /health with authentication", health),
                        ("GET a stored blob of 1 KiB with authentication", blob)):
        ratio = statistics.median(rates) / nginx_rate
        report(name, f"{statistics.median(rates):,.0f}/s  {ratio:.2f}x nginx", ">= 0.8x", ratio >= 0.8)


def wrk_latency(url, key, clients, seconds, script):
    """Requests a second, median and 99th percentile in milliseconds."""
    out = subprocess.run(["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--latency", "-H", f"X-API-Key: {key}",
                          "-s", str(script), url], check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in out or "Socket errors" in out:
        raise SystemExit("wrk saw errors:\n" + out)
    unit = {"us": 0.001, "ms": 1, "s": 1000}
    at = {p: float(n) * unit[u] for p, n, u in re.findall(r"^\s+(50|99)%\s+([\d.]+)(us|ms|s)$", out, re.M)}
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1)), at["50"], at["99"]


def sync_latency(folder, count=500):
    """Median and 99th percentile of one sync of 4 KiB on this disk, in milliseconds."""
    took = []
    with open(folder / "sync", "wb", buffering=0) as f:
        f.write(bytes(4096 * count))
        os.fsync(f.fileno())
        for i in range(count):
            begin = time.perf_counter()
            os.pwrite(f.fileno(), bytes([i & 255]) * 4096, 4096 * i)
            os.fdatasync(f.fileno())
            took.append((time.perf_counter() - begin) * 1000)
    took.sort()
    return took[count // 2], took[count * 99 // 100]


def measure_records(work, seconds):
    """Latency of records over HTTP: a get out of storage.memory, a durable put into storage.sqlite and the others."""
    (work / "get.lua").write_text("""
request = function() return wrk.format("GET", "/record/k7") end
""")
    (work / "put.lua").write_text("""
local rest, i = string.rep("x", 1014), 0
request = function()
  i = i + 1
  return wrk.format("PUT", "/record/k" .. i % 10000, nil, string.format("%010d", i) .. rest)
end
""")
    bounds = {("memory", 64): 1, ("sqlite", 1): 1, ("sqlite", 64): 5}
    for engine in ("memory", "sqlite", "lmdb", "rocksdb"):
        port = free_port()
        path = "" if engine == "memory" else f", path: {work}/records-{engine}"
        (work / "records.yaml").write_text(f"""
node: {{name: bench, data: {work}/records-{engine}-data}}
log: {{level: warning}}
storage: {{main: {{plugin: storage.{engine}{path}}}}}
services: {{access: {{plugin: service.access, records: main, cookie_file: "{work}/cookie-{engine}"}}}}
apis: {{blob: {{plugin: bench.blob, blobs: main, records: main, listen: "127.0.0.1:{port}", rate_per_second: 0}}}}
""")
        with Process([str(DRAWBRIDGE), "run", str(work / "records.yaml")], work / "records.out", node_env()):
            wait_http(port)
            key, url = (work / f"cookie-{engine}").read_text().strip(), f"http://127.0.0.1:{port}"
            wrk_latency(url, key, 1, 1, work / "put.lua")
            if engine == "memory":
                rounds = [("get 1 KiB", 64, "get.lua")]
            else:
                rounds = [("durable put 1 KiB", 1, "put.lua"), ("durable put 1 KiB", 64, "put.lua")]
            for what, clients, script in rounds:
                sync = sync_latency(work)
                rate, median, p99 = wrk_latency(url, key, clients, seconds, work / script)
                bound = bounds.get((engine, clients))
                report(f"storage.{engine} {what} over HTTP, {clients} clients",
                       f"{rate:,.0f}/s p50 {median:.2f} p99 {p99:.2f} ms", bound and f"p99 <= {bound} ms",
                       bound and p99 <= bound)
                if engine != "memory":
                    report("  one bare sync just before", f"p50 {sync[0]:.2f} p99 {sync[1]:.2f} ms")


def make_home(work, name):
    home = work / name
    external, internal, peers = free_port(), free_port(), free_port()
    made = subprocess.run([str(DRAWBRIDGE), "--json", "init", str(home), "--name", name,
                           "--external", f"127.0.0.1:{external}", "--internal", f"127.0.0.1:{internal}",
                           "--peers", f"127.0.0.1:{peers}"],
                          check=True, capture_output=True, text=True).stdout
    return home, external, json.loads(made)["api_key"], json.loads(made)["node_id"]


class Peak(threading.Thread):
    """Watches a process's resident memory."""

    def __init__(self, process):
        super().__init__(daemon=True)
        self.process, self.peak, self.running = process, 0, True

    def run(self):
        while self.running:
            self.peak = max(self.peak, self.process.memory_kib())
            time.sleep(0.02)

    def stop(self):
        self.running = False
        self.join()
        return self.peak


def timed_curl(arguments):
    begin = time.monotonic()
    out = subprocess.run(["curl", "-sS", "--fail-with-body", *arguments], check=True, capture_output=True,
                         text=True).stdout
    return time.monotonic() - begin, out


def suite_speeds(size):
    """Bytes a second of the bare primitives and of the suite, from Google Benchmark, interleaved repetitions."""
    env = {**os.environ, "DRAWBRIDGE_PLUGINS": str(BUILD / "plugins")}
    out = subprocess.run([str(BUILD / "bin" / "bench_suite"), "--benchmark_format=json", "--benchmark_repetitions=3",
                          "--benchmark_enable_random_interleaving=true",
                          "--benchmark_report_aggregates_only=true"],
                         check=True, capture_output=True, text=True, env=env).stdout
    medians = [b for b in json.loads(out)["benchmarks"] if b["aggregate_name"] == "median"]
    return {b["run_name"]: b["bytes_per_second"] for b in medians}


def touch_memory(size):
    """Uses that much memory once, as far as there is as much free, and gives it back.

    A virtual machine gets its memory from the host page by page, at first use: some milliseconds a MiB, more than it
    takes to seal it. That would be measured as time of whoever happens to be the first to fill a page of the cache."""
    available = int(re.search(r"MemAvailable:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text()).group(1)) << 10
    size = min(size, available // 2)
    with mmap.mmap(-1, size) as memory:
        for page in range(0, size, mmap.PAGESIZE):
            memory[page] = 1


def measure_large(work, size, rounds, where, bounded):
    touch_memory((2 * rounds + 3) * size)
    speeds = suite_speeds(size)
    for what in ("seal", "open"):
        for n, label in ((1 << 20, "1 MiB"), (64 << 20, "64 MiB")):
            bare, suite = speeds[f"bare_{what}/{n}"], speeds[f"suite_{what}/{n}"]
            report(f"fernet suite, {what} {label} in memory", f"{suite / 1e6:,.0f} MB/s  {suite / bare:.2f}x bare")
    home, port, key, node_id = make_home(work, "large")
    content = work / "content"
    with open(content, "wb") as f:
        for _ in range(size >> 20):
            f.write(os.urandom(1 << 20))
    began = time.monotonic()
    with open(content, "rb") as source, open(work / "copy", "wb") as copy:
        shutil.copyfileobj(source, copy, 1 << 20)
        os.fsync(copy.fileno())
    report(f"{where} by itself: as much, copied and synced", f"{size / (time.monotonic() - began) / 1e6:,.0f} MB/s")
    (work / "copy").unlink()
    with Process([str(DRAWBRIDGE), "--home", str(home), "run"], work / "large.out", node_env()) as node:
        wait_http(port)
        time.sleep(0.5)
        idle = node.memory_kib()
        shares, gets, peaks = [], [], []
        for _ in range(rounds):
            watch = Peak(node)
            watch.start()
            took, out = timed_curl(["-H", f"X-API-Key: {key}", "-H", "Content-Type: application/octet-stream",
                                    "-H", "Expect:", "-T", str(content), "-X", "POST",
                                    f"http://127.0.0.1:{port}/share_data?recipient={node_id}"])
            shares.append(size / took)
            asset = json.loads(out)["data_hash"]
            took, _ = timed_curl(["-H", f"X-API-Key: {key}", "-H", "Accept: application/octet-stream",
                                  "-o", "/dev/null", f"http://127.0.0.1:{port}/data/{asset}"])
            gets.append(size / took)
            peaks.append(watch.stop())
        timed_curl(["-H", f"X-API-Key: {key}", "-H", "Accept: application/octet-stream", "-o", str(work / "out"),
                    f"http://127.0.0.1:{port}/data/{asset}"])
        if subprocess.run(["cmp", str(content), str(work / "out")]).returncode:
            raise SystemExit("the content came back different")
    label = f"{size >> 30} GiB" if size >> 30 else f"{size >> 20} MiB"
    for name, rates, bare in ((f"share {label} through the API, {where}", shares, speeds[f"bare_seal/{64 << 20}"]),
                              (f"get {label} through the API, {where}", gets, speeds[f"bare_open/{64 << 20}"])):
        rate = statistics.median(rates)
        bound = (">= 0.6x", rate / bare >= 0.6) if bounded else ()
        report(name, f"{rate / 1e6:,.0f} MB/s  {rate / bare:.2f}x bare", *bound)
    above = (max(peaks) - idle) / 1024
    report(f"memory while sharing and getting {label}", f"{above:.0f} MiB above idle", "<= 64 MiB", above <= 64)


def measure_facets():
    out = subprocess.run([str(BUILD / "bin" / "bench_facets"), str(BUILD / "plugins")], check=True,
                         capture_output=True, text=True).stdout
    for line in out.splitlines():
        m = json.loads(line)
        if "p99_us" in m:
            report(m["name"], f"p50 {m['median_us']:.0f} us  p99 {m['p99_us']:.0f} us")
        elif m["name"] == "facet call":
            report("facet call through a plugin against a direct call", f"{m['difference_ns']:.0f} ns more",
                   "<= 100 ns", m["difference_ns"] <= 100)
        else:
            report(m["name"], f"{m['plugin_ns']:,.0f} ns  {m['ratio']:.2f}x bare", ">= 0.8x",
                   m["ratio"] >= 0.8)


def measure_isolation():
    out = subprocess.run([str(BUILD / "bin" / "bench_isolation"), str(BUILD / "plugins")], check=True,
                         capture_output=True, text=True).stdout
    for line in out.splitlines():
        m = json.loads(line)
        if m["name"].startswith("blob"):
            report(f"isolated {m['name']}, pieces of 1 MiB", f"{m['gb_per_s']:.2f} GB/s", ">= 1 GB/s",
                   m["gb_per_s"] >= 1)
        else:
            report(f"isolated {m['name']}", f"{m['more_us']:.1f} us more", "<= 30 us", m["more_us"] <= 30)


def measure_start(work, rounds):
    home, port, _, _ = make_home(work, "start")
    ready, derive, idle = [], [], []
    for _ in range(rounds):
        with Process([str(DRAWBRIDGE), "--home", str(home), "run"], work / "start.out", node_env()) as node:
            wait_http(port)
            time.sleep(1.0)
            idle.append(node.memory_kib() / 1024)
        log = (work / "start.out").read_text()
        ready.append(float(re.search(r"ready in (\d+)", log).group(1)))
        derive.append(float(re.search(r"derived the master key in (\d+)", log).group(1)))
    start = statistics.median(a - b for a, b in zip(ready, derive))
    report("start to healthy, without key derivation", f"{start:.0f} ms", "<= 200 ms", start <= 200)
    report("key derivation (PBKDF2, 600 000 iterations)", f"{statistics.median(derive):.0f} ms")
    report("resident memory when idle", f"{statistics.median(idle):.0f} MiB", "<= 60 MiB",
           statistics.median(idle) <= 60)


def measure_python(work, rounds):
    """In a process of its own: it loads the plugins."""
    (work / "python").mkdir()
    code = f"""
import json, pathlib, sys
sys.path.insert(0, {str(ROOT / 'bench')!r})
import importlib
importlib.import_module("python").measure(lambda *line: print(json.dumps(line), flush=True),
                                          pathlib.Path({str(work / 'python')!r}), {rounds})
"""
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=node_env())
    for line in child.stdout:
        report(*json.loads(line))
    if child.wait():
        raise SystemExit("the measurement of the Python module failed")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", choices=["http", "large", "facets", "records", "isolation", "start",
                                           "python"], action="append")
    args = parser.parse_args()
    for tool in ("nginx", "wrk", "curl", "taskset"):
        if not shutil.which(tool):
            raise SystemExit(f"error: {tool} is not installed\nhint: run `deploy/setup.sh bench`")
    only = args.only or ["facets", "records", "isolation", "start", "http", "large", "python"]
    work = pathlib.Path(tempfile.mkdtemp(prefix="drawbridge-bench."))
    try:
        if "facets" in only:
            measure_facets()
        if "records" in only:
            measure_records(work, 3 if args.quick else 10)
        if "isolation" in only:
            measure_isolation()
        if "start" in only:
            measure_start(work, 2 if args.quick else 5)
        if "http" in only:
            measure_http(work, 1 if args.quick else 3, 1 if args.quick else 3)
        if "large" in only:
            # The bound is what the processor allows; a disk may allow less: data is in memory first, then on the disk.
            size, rounds = (64 << 20, 1) if args.quick else (1 << 30, 3)
            with tempfile.TemporaryDirectory(prefix="drawbridge-bench.", dir="/dev/shm") as memory:
                measure_large(pathlib.Path(memory), size, rounds, "memory", True)
            measure_large(work, size, rounds, "disk", False)
        if "python" in only:
            measure_python(work, 3 if args.quick else 7)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    if failures:
        print("missed: " + ", ".join(failures))
        sys.exit(1)


if __name__ == "__main__":
    main()
