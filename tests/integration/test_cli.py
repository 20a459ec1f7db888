"""The command line against real nodes: what it does, what it prints, how it ends."""

import json
import os
import re

import pytest

from nodes import DRAWBRIDGE, TOP, run_cli, until

COMMANDS = ["init", "run", "check", "describe", "id", "peers", "share", "get", "list", "verify", "proof", "revoke",
            "keys", "apikey", "status", "storage"]


@pytest.fixture
def file(tmp_path):
    """A file with a name that wants care, and its content."""
    path = tmp_path / "a scan, ü.bin"
    path.write_bytes(os.urandom(300_000))
    return path


def test_share_and_get(trio, file, tmp_path):
    shared = trio.alice.cli("share", file, "--to", "bob", "--expires", "2h")
    output = tmp_path / "opened.bin"
    trio.bob.cli("get", shared["data_hash"], "-o", output)
    assert output.read_bytes() == file.read_bytes()
    assert trio.alice.find(shared["data_hash"])["name"] == file.name


def test_get_by_a_node_without_a_grant_leaves_no_file(trio, file, tmp_path):
    shared = trio.alice.cli("share", file, "--to", "bob")
    output = tmp_path / "stolen.bin"
    done = trio.mallory.try_cli("get", shared["data_hash"], "-o", output)
    assert done.returncode != 0
    assert done.stderr.startswith("error:")
    assert not output.exists()
    assert os.listdir(tmp_path) == [file.name], "no part of it either"


def test_list(trio, file):
    data_hash = trio.alice.cli("share", file, "--to", "bob")["data_hash"]
    assert data_hash in [item["data_hash"] for item in trio.alice.cli("list")["items"]]
    until(lambda: data_hash[:20] in trio.bob.try_cli("list").stdout, "bob's list shows it")


def test_proof_is_checked_offline(trio, file, tmp_path):
    """Needs the file and the signer's card: no home, no network, another folder."""
    data_hash = trio.alice.cli("share", file, "--to", "bob")["data_hash"]
    assert trio.alice.cli("verify", data_hash)["verified"] is True
    proof, card = tmp_path / "share.proof", tmp_path / "alice.card"
    trio.alice.cli("proof", data_hash, "-o", proof)
    card.write_text(trio.alice.card())
    empty = tmp_path / "empty"
    empty.mkdir()
    done = run_cli("--json", "proof", "check", proof, "--card", card, cwd=empty, env={"HOME": str(empty)})
    assert done.returncode == 0, done.stderr
    checked = json.loads(done.stdout)
    assert checked["verified"] is True
    assert checked["type"] == "shared"
    assert checked["details"]["asset"] == data_hash
    assert checked["details"]["grantee"] == trio.bob.id

    other = tmp_path / "bob.card"
    other.write_text(trio.bob.card())
    assert run_cli("proof", "check", proof, "--card", other, cwd=empty).returncode != 0


def test_a_changed_proof_is_refused(trio, tmp_path):
    data_hash = trio.alice.share("proved", "bob")["data_hash"]
    proof, card = tmp_path / "share.proof", tmp_path / "alice.card"
    trio.alice.cli("proof", data_hash, "-o", proof)
    card.write_text(trio.alice.card())
    text = proof.read_text()
    assert run_cli("proof", "check", proof, "--card", card).returncode == 0
    changed = 0
    for number, line in enumerate(text.splitlines()):
        if not line.strip():
            continue
        lines = text.splitlines()
        at = len(line) // 2
        lines[number] = line[:at] + ("A" if line[at] != "A" else "B") + line[at + 1:]
        proof.write_text("\n".join(lines) + "\n")
        done = run_cli("proof", "check", proof, "--card", card)
        assert done.returncode != 0, f"line {number + 1} was changed and the proof still holds: {lines[number]}"
        changed += 1
    assert changed >= 5
    proof.write_text(text[:-20])
    assert run_cli("proof", "check", proof, "--card", card).returncode != 0


def test_exit_codes_tell_errors_apart(trio, tmp_path):
    data_hash = trio.alice.share("codes", "bob")["data_hash"]
    out = tmp_path / "x"
    codes = {
        "forbidden": trio.mallory.try_cli("get", data_hash, "-o", out).returncode,
        "not_found": trio.alice.try_cli("get", "sha256:" + "0" * 64, "-o", out).returncode,
        "invalid": trio.alice.try_cli("get", "nonsense", "-o", out).returncode,
    }
    assert 0 not in codes.values()
    assert len(set(codes.values())) == 3, codes


def test_errors_as_json(trio, tmp_path):
    done = trio.alice.try_cli("--json", "get", "sha256:" + "0" * 64, "-o", tmp_path / "x")
    assert done.returncode != 0
    assert json.loads(done.stdout or done.stderr)["code"] == "not_found"


def test_status(trio):
    status = trio.alice.cli("status")
    assert status["node_id"] == trio.alice.id
    names = {component["name"] for component in status["components"]}
    assert {"suite", "ledger", "keeper", "identity", "keyring", "assets", "transport"} <= names
    assert all(component["state"] == "ok" for component in status["components"])
    assert status["ledger"]["origin"] == f"drawbridge/{trio.alice.id}"
    until(lambda: trio.alice.cli("status")["pending"] == 0, "all is delivered to peers that are there")


def test_status_tells_what_is_not_delivered(pair):
    pair.bob.stop()
    for text in ("one", "two"):
        pair.alice.share(text, "bob")
    assert pair.alice.cli("status")["pending"] == 2
    assert "2 for peers that are away" in pair.alice.try_cli("status").stdout
    pair.bob.start()
    until(lambda: pair.alice.cli("status")["pending"] == 0, "they are delivered")
    assert re.search(r"^deliveries +none$", pair.alice.try_cli("status").stdout, flags=re.M)


def test_keys(trio):
    before = trio.alice.cli("keys", "list")["current_version"]
    assert trio.alice.cli("keys", "rotate")["current_version"] == before + 1
    assert trio.alice.share("under the new one", "bob")["encryption"]["key_version"] == before + 1


def test_a_node_that_does_not_run(make_node, tmp_path):
    alice = make_node("alice")
    done = alice.try_cli("get", "sha256:" + "0" * 64, "-o", tmp_path / "x")
    assert done.returncode != 0
    assert "hint:" in done.stderr and "run" in done.stderr


def test_share_of_a_file_that_is_not_there(trio):
    done = trio.alice.try_cli("share", "/no/such/file", "--to", "bob")
    assert done.returncode != 0
    assert "/no/such/file" in done.stderr


@pytest.mark.parametrize("expires", ["2", "soon", "-1h", "0s"])
def test_bad_durations(trio, file, expires):
    assert trio.alice.try_cli("share", file, "--to", "bob", f"--expires={expires}").returncode != 0


def test_help_names_every_command():
    text = run_cli("--help").stdout
    for command in COMMANDS:
        assert re.search(rf"^ +{command}\b", text, flags=re.M), command
        done = run_cli(command, "--help")
        assert done.returncode == 0 and len(done.stdout) > 100, command


@pytest.mark.parametrize("arguments", [["nonsense"], ["share"], ["get", "x", "--bogus"], []])
def test_wrong_usage(arguments):
    done = run_cli(*arguments)
    assert done.returncode != 0
    assert "error:" in done.stderr or "help" in (done.stdout + done.stderr)


def test_describe_every_plugin():
    for library in sorted((DRAWBRIDGE.parent.parent / "plugins").glob("*.so")):
        done = run_cli("describe", library.stem)
        assert done.returncode == 0, done.stderr
        assert library.stem in done.stdout


def test_describe_an_unknown_plugin():
    done = run_cli("describe", "storage.memroy")
    assert done.returncode != 0
    assert "storage.memory" in done.stderr


def test_version():
    version = re.search(r"project\(drawbridge VERSION ([\d.]+)", (TOP / "CMakeLists.txt").read_text())[1]
    assert version in run_cli("--version").stdout


def test_no_progress_bar_where_nobody_looks(trio, file):
    done = trio.alice.try_cli("share", file, "--to", "bob")
    assert done.returncode == 0
    assert "\r" not in done.stdout + done.stderr and "\x1b" not in done.stdout + done.stderr
