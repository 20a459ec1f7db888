"""Reload of a running node: nothing fails, what has not changed stays, what is wrong changes nothing."""

import json
import os
import signal
import socket
import sys

from nodes import TOP, free_ports, requests, until

sys.path.insert(0, str(TOP / "examples"))
import reload as load  # noqa: E402  the example is the load

RELOADS = int(os.environ.get("DRAWBRIDGE_RELOADS", "25"))
STORAGE = "plugin: storage.rocksdb,"
FLAT_KIB = 16 * 1024


def reload(node):
    return node.cli("reload")


def refused(node):
    """A reload that must fail; what it prints, and the exit code."""
    done = node.try_cli("reload")
    assert done.returncode != 0, done.stdout
    return done.stdout + done.stderr, done.returncode


def change_storage(node):
    node.edit(STORAGE, f"{STORAGE} cache: 20MiB,")


def internal(node, path, method="GET"):
    cookie = (node.home / "data" / "cookie").read_text().strip()
    answer = node.request(method, path, key=cookie, internal=True)
    assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
    return answer.json()


def test_no_request_fails_under_load_and_memory_stays():
    result = load.run(reloads=RELOADS, clients=4, tell=print)
    assert result.failures == []
    assert result.replaced >= RELOADS
    assert result.requests >= RELOADS
    if RELOADS >= 100:
        settled = result.rss[RELOADS // 4]
        assert result.rss[-1] < settled + FLAT_KIB, f"{settled} KiB grew to {result.rss[-1]} KiB"


def test_everything_that_was_there_is_there(make_node):
    node = make_node("alice").start()
    data_hash = node.share("before", "alice")["data_hash"]
    key = internal(node, "/status") and node.cli("apikey", "create", "other", "--scope", "read")["key"]
    cookie = (node.home / "data" / "cookie").read_text()
    uptime = internal(node, "/status")["uptime_s"]
    change_storage(node)
    report = reload(node)
    assert "main" in report["replaced"] and "ledger" in report["replaced"] and report["kept"] == ["suite"]
    assert (node.home / "data" / "cookie").read_text() == cookie
    assert node.request("GET", "/data/list", key=key).status_code == 200
    assert node.text(data_hash) == "before"
    assert node.verified(data_hash)
    node.share("after", "alice")
    status = internal(node, "/status")
    assert status["uptime_s"] >= uptime
    assert all(component["state"] == "ok" for component in status["components"]), status["components"]
    assert internal(node, "/ledger/audit", "POST")["size"] == status["ledger"]["size"]
    assert reload(node)["replaced"] == []
    node.stop()
    assert not (node.home / "data" / "cookie").exists()
    node.start()
    assert node.text(data_hash) == "before"


def test_connections_between_nodes_stay(pair):
    pair.alice.share("first", "bob")
    since = pair.alice.peers()["bob"]["since"]
    change_storage(pair.alice)
    pair.alice.edit("plugin: transport.tls,", "plugin: transport.tls, keepalive: 20s,")
    assert "transport" in reload(pair.alice)["replaced"]
    pair.bob.edit("plugin: service.assets,", "plugin: service.assets, peer_timeout: 9s,")
    assert reload(pair.bob)["replaced"] == ["assets", "external", "internal"]
    data_hash = pair.alice.share("second", "bob")["data_hash"]
    assert pair.bob.text(data_hash) == "second"
    back = pair.bob.share("back", "alice")["data_hash"]
    assert pair.alice.text(back) == "back"
    assert pair.alice.peers()["bob"]["since"] == since


def test_a_broken_file_changes_nothing_and_says_where(make_node):
    node = make_node("alice").start()
    before = internal(node, "/status")["components"]
    good = node.config.read_text()
    node.edit(STORAGE, "plugin: storage.rocksdb, pth: x,")
    line = next(n for n, text in enumerate(node.config.read_text().splitlines(), 1) if "pth: x" in text)
    text, code = refused(node)
    assert f"node.yaml:{line}:" in text and "unknown option `pth`, did you mean `path`?" in text
    assert code == node.try_cli("check").returncode
    node.process.send_signal(signal.SIGHUP)
    until(lambda: "the node goes on with the configuration that it has" in node.log, "the log says so")
    node.config.write_text(good.replace('name: "alice"', 'name: "alicia"'))
    text, _ = refused(node)
    assert "`node.name` cannot change while the node runs" in text
    node.config.write_text("node: [")
    assert "node.yaml:1:" in refused(node)[0]
    assert internal(node, "/status")["components"] == before
    node.config.write_text(good)
    assert reload(node)["replaced"] == []


def test_a_start_that_fails_changes_nothing(make_node):
    node = make_node("alice").start()
    data_hash = node.share("safe", "alice")["data_hash"]
    good, password = node.config.read_text(), node.password_file.read_text()
    node.password_file.write_text("another password\n")
    text, _ = refused(node)
    assert "keyring" in text
    node.password_file.write_text(password)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        node.edit(f"127.0.0.1:{node.external_port}", f"127.0.0.1:{taken.getsockname()[1]}")
        change_storage(node)
        text, _ = refused(node)
        assert "the port is in use" in text
    node.config.write_text(good)
    assert node.text(data_hash) == "safe"
    node.share("more", "alice")
    assert internal(node, "/ledger/audit", "POST")["size"] > 2
    assert reload(node)["replaced"] == []


def test_sighup_and_the_watch(make_node):
    node = make_node("alice").start()
    node.edit("plugin: api.external,", "plugin: api.external, json_limit: 23MiB,")
    node.edit('name: "alice"', 'name: "alice"\n  watch: true')
    node.process.send_signal(signal.SIGHUP)
    until(lambda: "1 replaced, 0 added, 0 removed" in node.log, "it was reloaded")
    node.edit("json_limit: 23MiB", "json_limit: 22MiB")
    until(lambda: "reloading the file that has changed" in node.log, "the change was seen")
    until(lambda: node.log.count("1 replaced, 0 added, 0 removed") == 2, "it was reloaded again")


def test_a_component_moves_comes_and_goes(make_node):
    node = make_node("alice").start()
    port, old_port = free_ports(1)[0], node.external_port
    node.edit(f"127.0.0.1:{old_port}", f"127.0.0.1:{port}")
    node.edit("storage:\n", "storage:\n  scratch: {plugin: storage.memory}\n")
    report = reload(node)
    assert report["replaced"] == ["external"] and report["added"] == ["scratch"]
    node.external_port = port
    assert node.serves()

    def gone():
        try:
            requests.get(f"http://127.0.0.1:{old_port}/health", timeout=5)
        except requests.ConnectionError:
            return True
        return False

    until(gone, "the old address is closed")
    node.edit("  scratch: {plugin: storage.memory}\n", "")
    assert reload(node)["removed"] == ["scratch"]
    done = node.try_cli("reload")
    assert done.returncode == 0 and "every component goes on as it was" in done.stdout, done.stdout


def test_reload_tells_what_to_do_when_nothing_runs(make_node):
    text, _ = refused(make_node("alice"))
    assert "SIGHUP" in text
    shown = make_node("bob").try_cli("reload", "--help").stdout
    assert "Example:" in shown and "watch: true" in shown
    assert json.dumps(shown)
