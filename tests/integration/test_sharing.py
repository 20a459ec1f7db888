"""What users of the REST interface do all day: share, open, list, verify."""

import base64
import hashlib
import os
import re
from datetime import datetime

import pytest
from cryptography.fernet import Fernet

from nodes import BUILD, RAW, in_seconds, until

HASH = re.compile(r"sha256:[0-9a-f]{64}")
TX_HASH = re.compile(r"0x[0-9a-f]{64}")


def test_share_and_open_as_json(trio):
    before = in_seconds(-1)
    shared = trio.alice.share("Sensitive business data", trio.bob.id)
    assert shared["status"] == "shared"
    assert HASH.fullmatch(shared["data_hash"])
    assert shared["encryption"] == {"algorithm": "fernet", "key_version": 1}
    assert shared["compliance"]["recorded"] is True
    assert TX_HASH.fullmatch(shared["compliance"]["tx_hash"])
    assert shared["tx_hash"] == shared["compliance"]["tx_hash"]

    opened = trio.bob.get(f"/data/{shared['data_hash']}").json()
    assert opened["data"] == "Sensitive business data"
    assert opened["sender"] == trio.alice.id
    assert opened["verified"] is True
    assert before <= opened["timestamp"] <= in_seconds(1)


def test_the_owner_opens_too(trio):
    shared = trio.alice.share("both of us", trio.bob.id)
    assert trio.alice.text(shared["data_hash"]) == "both of us"


def test_share_with_oneself(trio):
    shared = trio.alice.share("a note", trio.alice.id)
    assert trio.alice.text(shared["data_hash"]) == "a note"
    assert trio.bob.status_of(shared["data_hash"]) in (403, 404)


@pytest.mark.parametrize("who", ["name", "id", "beginning"])
def test_ways_to_name_the_recipient(trio, who):
    recipient = {"name": "bob", "id": trio.bob.id, "beginning": trio.bob.id[:16]}[who]
    assert trio.bob.text(trio.alice.share(who, recipient)["data_hash"]) == who


TEXTS = {"empty": "", "unicode": "ü, 漢字, 🦩, \u0000 and \"quotes\"\n", "long": "x" * 200_000}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_text_comes_back_as_it_was(trio, text):
    assert trio.bob.text(trio.alice.share(text, trio.bob.id)["data_hash"]) == text


def test_the_same_content_twice_is_two_assets(trio):
    """An address is the hash of an envelope; equal content must not show."""
    first, second = (trio.alice.share("same", trio.bob.id)["data_hash"] for _ in range(2))
    assert first != second
    assert hashlib.sha256(b"same").hexdigest() not in first + second


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 3_000_000])
def test_raw_bytes(trio, size):
    content = os.urandom(size)
    shared = trio.alice.share_raw(content, "bob", name="scan.dcm", type="application/dicom")
    answer = trio.bob.raw(shared["data_hash"])
    assert answer.status_code == 200
    assert answer.content == content
    assert answer.headers["Content-Length"] == str(size)
    assert "scan.dcm" in answer.headers["Content-Disposition"]


def test_raw_upload_in_chunks(trio):
    """Transfer-Encoding: chunked, no length known beforehand."""
    parts = [os.urandom(100_000) for _ in range(10)]
    shared = trio.alice.share_raw(iter(parts), "bob")
    assert trio.bob.raw(shared["data_hash"]).content == b"".join(parts)


def test_bytes_that_are_no_text_in_json(trio):
    content = b"\xff\xfe\x00binary"
    shared = trio.alice.share_raw(content, "bob")
    opened = trio.bob.get(f"/data/{shared['data_hash']}", headers={"Accept": "application/json"}).json()
    assert opened["encoding"] == "base64"
    assert base64.b64decode(opened["data"]) == content


def test_accept_decides_the_form(trio):
    path = f"/data/{trio.alice.share('plain', 'bob')['data_hash']}"
    for accept in ("application/json", "*/*", "application/json, text/plain;q=0.5"):
        answer = trio.bob.get(path, headers={"Accept": accept})
        assert answer.headers["Content-Type"].startswith("application/json"), accept
        assert answer.json()["data"] == "plain"
    answer = trio.bob.get(path, headers={"Accept": RAW})
    assert answer.content == b"plain"
    assert not answer.headers["Content-Type"].startswith("application/json")


@pytest.fixture(scope="module")
def long_asset(trio):
    content = os.urandom(300_001)
    return content, trio.alice.share_raw(content, "bob")["data_hash"]


@pytest.mark.parametrize("header, first, end", [
    ("bytes=0-0", 0, 1),
    ("bytes=0-99", 0, 100),
    ("bytes=65530-65600", 65530, 65601),
    ("bytes=131072-", 131072, 300_001),
    ("bytes=-10", 299_991, 300_001),
    ("bytes=-999999", 0, 300_001),
    ("bytes=299000-999999", 299_000, 300_001),
])
def test_ranges(trio, long_asset, header, first, end):
    content, data_hash = long_asset
    answer = trio.bob.raw(data_hash, Range=header)
    assert answer.status_code == 206
    assert answer.headers["Content-Range"] == f"bytes {first}-{end - 1}/{len(content)}"
    assert answer.content == content[first:end]


@pytest.fixture(scope="module")
def very_long_asset(trio):
    content = os.urandom(5_000_001)
    return content, trio.alice.share_raw(content, "bob")["data_hash"]


@pytest.mark.parametrize("first, end", [
    (0, 5_000_001),
    (1, 2_097_153),
    (524_287, 524_290),
    (600_000, 4_800_000),
    (2_097_151, 4_194_305),
    (4_999_000, 5_000_001),
])
def test_long_ranges(trio, very_long_asset, first, end):
    """Ranges that are opened in several steps at once."""
    content, data_hash = very_long_asset
    answer = trio.bob.raw(data_hash, Range=f"bytes={first}-{end - 1}")
    assert answer.status_code == 206
    assert answer.content == content[first:end]


@pytest.mark.parametrize("header", ["bytes=300001-", "bytes=999999-1000000", "bytes=-0"])
def test_ranges_that_cannot_be(trio, long_asset, header):
    content, data_hash = long_asset
    answer = trio.bob.raw(data_hash, Range=header)
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(content)}"


@pytest.mark.parametrize("header", ["bytes=5-2", "bytes=a-b", "lines=1-2", "bytes", "bytes=--5"])
def test_ranges_that_are_none_are_ignored(trio, long_asset, header):
    content, data_hash = long_asset
    answer = trio.bob.raw(data_hash, Range=header)
    assert answer.status_code == 200
    assert answer.content == content


def test_list_pages(trio):
    hashes = [trio.alice.share(f"page {i}", "bob")["data_hash"] for i in range(7)]
    seen, cursor, pages = [], "", 0
    while True:
        items, cursor = trio.alice.list(limit=3, **({"cursor": cursor} if cursor else {}))
        assert 0 < len(items) <= 3
        seen += [item["data_hash"] for item in items]
        pages += 1
        if not cursor:
            break
    assert len(seen) == len(set(seen))
    assert pages >= 3
    assert seen[:7] == hashes[::-1], "newest first"


def test_list_filters(trio):
    early = trio.alice.share("early", "bob")["data_hash"]
    boundary = in_seconds(0.002)
    until(lambda: in_seconds(0) > boundary, "the clock has moved on")
    late = trio.alice.share("late", "mallory")["data_hash"]

    def hashes(node, **query):
        return {item["data_hash"] for item in node.list(limit=1000, **query)[0]}

    assert late in hashes(trio.alice, **{"from": boundary}) and early not in hashes(trio.alice, **{"from": boundary})
    assert early in hashes(trio.alice, to=boundary) and late not in hashes(trio.alice, to=boundary)
    assert early in hashes(trio.alice, recipient="bob") and late not in hashes(trio.alice, recipient="bob")
    assert late in hashes(trio.alice, recipient=trio.mallory.id)
    assert early in hashes(trio.alice, role="owner") and early not in hashes(trio.alice, role="grantee")
    until(lambda: early in hashes(trio.bob, role="grantee"), "bob lists what he received")
    assert late not in hashes(trio.bob)


def test_list_items_say_what_they_are(trio):
    expires = in_seconds(3600)
    shared = trio.alice.share_raw(b"12345", "bob", name="five.txt", type="text/plain", expires_at=expires)
    item = trio.alice.find(shared["data_hash"])
    assert item["role"] == "owner"
    assert item["sender"] == trio.alice.id
    assert item["recipients"] == [trio.bob.id]
    assert item["state"] == "active"
    assert item["size"] == 5
    assert item["name"] == "five.txt"
    assert moment(item["expires_at"]) == moment(expires)


def moment(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


@pytest.mark.parametrize("query, field", [
    ({"limit": 0}, "limit"), ({"limit": 100_000}, "limit"), ({"limit": "many"}, "limit"),
    ({"from": "yesterday"}, "from"), ({"to": "2026-13-01T00:00:00Z"}, "to"), ({"role": "king"}, "role"),
    ({"cursor": "nonsense"}, "cursor"),
])
def test_list_refuses(trio, query, field):
    answer = trio.alice.get("/data/list", params=query)
    assert answer.status_code == 422, answer.text
    assert answer.json()["field"] == field


def test_verify_needs_no_key(trio):
    shared = trio.alice.share("to be verified", "bob")
    answer = trio.alice.get(f"/verify_data/{shared['data_hash']}", key=None)
    assert answer.status_code == 200
    body = answer.json()
    assert body["verified"] is True
    assert body["event"]["tx_hash"] == shared["tx_hash"]
    assert body["event"]["type"] == "shared"
    assert "details" not in body["event"]
    assert body["checkpoint"].startswith(f"drawbridge/{trio.alice.id}\n")
    assert body["proof"].startswith("c2sp.org/tlog-proof@v1\n")
    # A stranger sees a commitment: nothing in the proof names the asset or the recipient.
    extra = next(line for line in body["proof"].splitlines() if line.startswith("extra "))
    opened = base64.b64decode(extra.split()[1])
    for word in (trio.bob.id, shared["data_hash"], "grantee"):
        assert word.encode() not in opened and word not in body["proof"]


def test_verify_of_the_unknown(trio):
    answer = trio.alice.get("/verify_data/sha256:" + "0" * 64, key=None)
    assert answer.status_code == 404 or answer.json()["verified"] is False


def test_compliance_history(trio):
    shared = trio.alice.share("on the record", "bob")
    assert trio.bob.text(shared["data_hash"]) == "on the record"
    event = trio.alice.history(data_hash=shared["data_hash"])[0]
    assert event["tx_hash"] == shared["tx_hash"]
    assert event["type"] == "shared"
    assert event["details"]["asset"] == shared["data_hash"]
    assert event["details"]["grantee"] == trio.bob.id
    assert event in trio.alice.history()
    received = until(lambda: trio.bob.history(data_hash=shared["data_hash"]), "bob's own ledger has it")
    assert "shared" not in {e["type"] for e in received}


def test_compliance_history_pages(trio):
    for i in range(3):
        trio.alice.share(f"event {i}", "bob")
    seen, following = [], 0
    while following is not None:
        page = trio.alice.get("/compliance_history", params={"from": following, "limit": 2}).json()
        assert 0 < len(page["events"]) <= 2
        seen += [event["index"] for event in page["events"]]
        following = page.get("next")
    assert seen == list(range(len(seen)))
    assert len(seen) >= 3


def test_network_peers(trio):
    trio.alice.share("hello", "bob")
    peers = until(lambda: (p := trio.alice.peers()) and p["bob"]["connected"] and p, "alice is connected to bob")
    assert set(peers) == {"bob", "mallory"}
    assert peers["bob"]["node_id"] == trio.bob.id
    assert set(trio.bob.peers()) == {"alice"}


def test_health_needs_no_key(trio):
    for internal in (False, True):
        answer = trio.alice.get("/health", key=None, internal=internal)
        assert answer.status_code == 200
        assert answer.json()["status"] == "ok"


def test_bearer_is_a_key_too(trio):
    answer = trio.alice.get("/data/list", key=None, headers={"Authorization": f"Bearer {trio.alice.key}"})
    assert answer.status_code == 200


def test_hash_without_its_prefix(trio):
    data_hash = trio.alice.share("bare", "bob")["data_hash"]
    assert trio.bob.text(data_hash.removeprefix("sha256:")) == "bare"


def test_what_is_stored_is_ciphertext(trio):
    marker = "marker-that-must-not-be-stored-in-clear"
    data_hash = trio.alice.share(marker, "bob")["data_hash"]
    assert trio.bob.text(data_hash) == marker
    for node in (trio.alice, trio.bob):
        for path in node.home.rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                assert marker.encode() not in content, f"{path} holds the plaintext"
                assert node.key.encode() not in content, f"{path} holds the API key"


def test_a_chunk_is_an_ordinary_fernet_token(trio):
    """Opened by an implementation that knows nothing of this one."""
    content = os.urandom(100_000)
    data_hash = trio.alice.share_raw(content, "bob")["data_hash"]
    admin = trio.bob.cli("apikey", "create", "exporter", "--scope", "admin")["key"]
    reader = trio.bob.cli("apikey", "create", "onlooker", "--scope", "read")["key"]
    chunks, keys, count = [], set(), 2
    for index in range(count):
        path = f"/data/{data_hash}/chunks/{index}"
        assert trio.bob.get(path, key=reader).status_code == 403
        exported = trio.bob.get(path, key=admin).json()
        assert (exported["index"], exported["count"], exported["format"]) == (index, count, "fernet")
        chunks.append(Fernet(exported["key"]).decrypt(exported["token"].encode()))
        keys.add(exported["key"])
    assert content in b"".join(chunks)
    assert len(keys) == count, "a key opens its own chunk only"
    assert trio.bob.get(f"/data/{data_hash}/chunks/{count}", key=admin).status_code == 422


@pytest.mark.parametrize("portable", [True, False])
def test_a_chunk_of_another_suite(make_node, portable):
    """The format is what the suite says; where there is none, the answer says that."""
    alice = make_node("alice")
    alice.environment = {"DRAWBRIDGE_PLUGINS": f"{BUILD}/plugins:{BUILD}/tests/services/plugins"}
    alice.edit("suite: {plugin: cipher.fernet}", "fernet: {plugin: cipher.fernet}\n"
               f"  suite: {{plugin: test.suite, inner: fernet, portable: {str(portable).lower()}}}")
    alice.edit("plugin: service.keyring,", "plugin: service.keyring, suite: fernet,")
    alice.start()
    shared = alice.share("in another suite", "alice")
    assert shared["encryption"]["algorithm"] == "test"
    admin = alice.cli("apikey", "create", "exporter", "--scope", "admin")["key"]
    answer = alice.get(f"/data/{shared['data_hash']}/chunks/0", key=admin)
    if portable:
        assert answer.status_code == 200, answer.text
        assert answer.json()["format"] == "test"
    else:
        assert answer.status_code == 501, answer.text
        assert answer.json()["code"] == "unsupported"
        assert answer.json()["hint"]
    assert alice.text(shared["data_hash"]) == "in another suite"
