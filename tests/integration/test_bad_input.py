"""Requests that are wrong, and what they are told. Nothing wrong is ever stored, and nothing of the inside is shown."""

import json
import socket

import pytest
import requests

from nodes import RAW, in_seconds, raw_http

NOBODY = "node_" + "0" * 64
UNKNOWN = "sha256:" + "0" * 64


def refused(answer, status, field=None):
    """The answer is this status, with a JSON body that says why and nothing of how the program is made."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body["error"]
    if field:
        assert body["field"] == field
    for inside in ("boost::", "std::", "/home/", "rocksdb", ".cpp"):
        assert inside not in answer.text
    return body


NEEDS_KEY = [("POST", "/share_data"), ("GET", f"/data/{UNKNOWN}"), ("GET", "/data/list"),
             ("GET", "/compliance_history"), ("GET", "/network/peers")]


@pytest.mark.parametrize("method, path", NEEDS_KEY)
@pytest.mark.parametrize("key", [None, "", "wrong", "x" * 4000])
def test_no_answer_without_a_key(trio, method, path, key):
    headers = {} if key is None else {"X-API-Key": key}
    refused(trio.alice.request(method, path, key=None, headers=headers), 401)


@pytest.mark.parametrize("bearer", ["Bearer", "Bearer wrong", "Basic YTpi", "Bearer a b"])
def test_no_answer_for_a_wrong_bearer(trio, bearer):
    refused(trio.alice.get("/data/list", key=None, headers={"Authorization": bearer}), 401)


def test_the_key_of_one_node_is_none_at_another(trio):
    refused(trio.bob.get("/data/list", key=trio.alice.key), 401)


def test_a_key_may_only_do_what_its_scope_says(trio):
    reader = trio.alice.cli("apikey", "create", "reader", "--scope", "read")["key"]
    assert trio.alice.get("/data/list", key=reader).status_code == 200
    refused(trio.alice.request("POST", "/share_data", key=reader, json={"data": "x", "recipient": "bob"}), 403)


BAD_HASHES = ["abc", "sha256:", "sha256:" + "g" * 64, "sha256:" + "0" * 63, "sha256:" + "0" * 65, "md5:" + "0" * 32,
              "..%2f..%2fetc%2fpasswd", "sha256:" + "0" * 5000]


@pytest.mark.parametrize("data_hash", BAD_HASHES)
def test_bad_hashes(trio, data_hash):
    for path in ("data", "verify_data"):
        refused(trio.alice.get(f"/{path}/{data_hash}"), 422, "hash")


@pytest.mark.parametrize("path", ["/data/%00", "/data/%zz", "/data/%ff"])
def test_paths_that_are_no_text(trio, path):
    with socket.create_connection(("127.0.0.1", trio.alice.external_port), timeout=10) as raw:
        raw.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nX-API-Key: {trio.alice.key}\r\n\r\n".encode())
        assert raw.recv(4096).startswith(b"HTTP/1.1 400 ")


def test_an_unknown_hash(trio):
    refused(trio.alice.get(f"/data/{UNKNOWN}"), 404)


@pytest.mark.parametrize("recipient", [NOBODY, "carol", "node_"])
def test_unknown_recipients(trio, recipient):
    before = trio.alice.list(limit=1)[0]
    refused(trio.alice.try_share("x", recipient), 422, "recipient")
    assert trio.alice.list(limit=1)[0] == before


MALFORMED = [b"", b"{", b"{'data': 1}", b'{"data": "x"', b'{"data": "x"} {}', b'{"data": "\xff", "recipient": "bob"}',
             b"[" * 100_000, b'{"a":' * 10_000]


@pytest.mark.parametrize("body", MALFORMED, ids=range(len(MALFORMED)))
def test_malformed_json(trio, body):
    answer = trio.alice.request("POST", "/share_data", data=body, headers={"Content-Type": "application/json"})
    refused(answer, 400)


@pytest.mark.parametrize("body", [b"null", b"[]", b'"text"', b"17"])
def test_json_that_is_no_object(trio, body):
    answer = trio.alice.request("POST", "/share_data", data=body, headers={"Content-Type": "application/json"})
    refused(answer, 422)


@pytest.mark.parametrize("change, field", [
    ({"data": 5}, "data"),
    ({"data": None}, "data"),
    ({"data": ["x"]}, "data"),
    ({"recipient": 7}, "recipient"),
    ({"recipient": ""}, "recipient"),
    ({"recipient": {"id": "bob"}}, "recipient"),
    ({"encrypt": "yes"}, "encrypt"),
    ({"encrypt": False}, "encrypt"),
    ({"require_payment": "no"}, "require_payment"),
    ({"price": "ten"}, "price"),
    ({"price": -1}, "price"),
    ({"expires_at": 17}, "expires_at"),
    ({"expires_at": "tomorrow"}, "expires_at"),
    ({"expires_at": "2026-02-30T00:00:00Z"}, "expires_at"),
    ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
    ({"recipeint": "bob"}, "recipeint"),
])
def test_wrong_fields(trio, change, field):
    body = {"data": "x", "recipient": "bob", **change}
    before = trio.alice.list(limit=1)[0]
    refused(trio.alice.request("POST", "/share_data", json=body), 422, field)
    assert trio.alice.list(limit=1)[0] == before


@pytest.mark.parametrize("missing", ["data", "recipient"])
def test_missing_fields(trio, missing):
    body = {"data": "x", "recipient": "bob"}
    del body[missing]
    refused(trio.alice.request("POST", "/share_data", json=body), 422, missing)


def test_a_payment_is_not_waved_through(trio):
    """This node has no payments: to share as if it had been asked for nothing would be wrong."""
    body = refused(trio.alice.try_share("paid", "bob", require_payment=True, price=5), 422, "require_payment")
    assert {error["field"] for error in body["errors"]} == {"require_payment", "price"}, "all that is wrong, at once"


def test_raw_upload_without_a_recipient(trio):
    answer = trio.alice.request("POST", "/share_data", data=b"x", headers={"Content-Type": RAW})
    refused(answer, 422, "recipient")


def test_raw_upload_with_a_bad_expiry(trio):
    for expires in ("soon", in_seconds(-60)):
        query = {"recipient": "bob", "expires_at": expires}
        answer = trio.alice.request("POST", "/share_data", params=query, data=b"x", headers={"Content-Type": RAW})
        refused(answer, 422, "expires_at")


def post(path, headers, body=b"", key=""):
    lines = [f"POST {path} HTTP/1.1", "Host: x", f"X-API-Key: {key}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def test_an_announced_body_that_is_too_large(trio):
    """Refused by its length alone, before a byte of it is read."""
    request = post("/share_data", ["Content-Type: application/json", f"Content-Length: {1 << 40}"], key=trio.alice.key)
    answer = raw_http(trio.alice.external_port, request, finish=False)
    assert answer.startswith(b"HTTP/1.1 413 "), answer[:200]


def test_a_body_that_grows_too_large(trio):
    """No length announced: refused when it passes the bound, long before this generator ends."""
    sent = 0

    def endless():
        nonlocal sent
        yield b'{"recipient": "bob", "data": "'
        while sent < 4 << 30:
            sent += 1 << 20
            yield b"x" * (1 << 20)

    try:
        answer = trio.alice.request("POST", "/share_data", data=endless(), headers={"Content-Type": "application/json"})
        refused(answer, 413)
    except requests.ConnectionError:
        pass  # The server closed while this side was still sending.
    assert sent < 4 << 30
    assert trio.alice.serves()


@pytest.mark.parametrize("content_type, body", [
    ("application/json", b'{"data": "trunca'), (RAW, b"x" * 100), (RAW, b"")])
def test_truncated_bodies(trio, content_type, body):
    before = trio.alice.list(limit=1)[0]
    request = post("/share_data?recipient=bob", [f"Content-Type: {content_type}", "Content-Length: 100000"], body,
                   trio.alice.key)
    answer = raw_http(trio.alice.external_port, request)
    assert not answer or answer.startswith(b"HTTP/1.1 4"), answer[:200]
    assert trio.alice.list(limit=1)[0] == before


def test_a_chunked_upload_that_breaks_off(trio):
    before = trio.alice.list(limit=1)[0]
    request = post("/share_data?recipient=bob", [f"Content-Type: {RAW}", "Transfer-Encoding: chunked"],
                   b"10000\r\n" + b"x" * 0x10000 + b"\r\n10000\r\nxxx", trio.alice.key)
    answer = raw_http(trio.alice.external_port, request)
    assert not answer or answer.startswith(b"HTTP/1.1 4"), answer[:200]
    assert trio.alice.list(limit=1)[0] == before


@pytest.mark.parametrize("request_bytes", [
    b"\r\n\r\n\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00",
    b"GET /health HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
    b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /share_data HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
    b"POST /share_data HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
], ids=["blank", "short", "version", "tls", "header", "path", "length", "smuggling"])
def test_broken_http(trio, request_bytes):
    answer = raw_http(trio.alice.external_port, request_bytes)
    assert not answer or answer.split(b" ")[1][:1] in (b"4", b"5"), answer[:200]
    assert trio.alice.serves()


def test_unknown_routes_and_methods(trio):
    refused(trio.alice.get("/no/such/thing"), 404)
    answer = trio.alice.request("DELETE", "/share_data")
    refused(answer, 405)
    assert "POST" in answer.headers["Allow"]


def test_the_external_interface_has_no_internal_routes(trio):
    for path in ("/keys", "/peers", "/api/v1/status", "/admin/reload"):
        assert trio.alice.get(path).status_code == 404


def test_every_answer_has_a_request_id(trio):
    good, bad = trio.alice.get("/health"), trio.alice.get(f"/data/{UNKNOWN}")
    ids = {answer.headers["X-Request-Id"] for answer in (good, bad)}
    assert len(ids) == 2


def test_too_many_requests(make_node):
    """With the limits of a real node. A header that anyone can write does not make another client of one."""
    alice = make_node("alice", raise_limits=False).start()
    answer = None
    for i in range(200):
        answer = alice.get("/data/list", headers={"X-Forwarded-For": f"10.0.0.{i}"})
        if answer.status_code != 200:
            break
    body = refused(answer, 429)
    assert body["retry_after"] > 0
    assert float(answer.headers["Retry-After"]) > 0


def test_idle_connections_do_not_starve_others(trio):
    idle = [socket.create_connection(("127.0.0.1", trio.alice.external_port)) for _ in range(50)]
    for connection in idle:
        connection.sendall(b"POST /share_data HTTP/1.1\r\nHost:")
    try:
        assert trio.alice.serves()
        assert json.loads(trio.alice.get("/health").text)
    finally:
        for connection in idle:
            connection.close()
