"""Whole nodes in this process: sharing, opening, revoking, proving."""

import asyncio
import io
import os
from datetime import datetime, timedelta, timezone

import pytest

import drawbridge
from conftest import make_home

CONTENT = os.urandom(300_000)


def test_share_and_get(pair, tmp_path):
    alice, bob = pair
    file = tmp_path / "scan.dcm"
    file.write_bytes(CONTENT)
    parts = [CONTENT[:100_000], CONTENT[100_000:]]
    for content in (CONTENT, bytearray(CONTENT), file, file.open("rb"), io.BytesIO(CONTENT), iter(parts)):
        shared = alice.assets.share(content, to="bob", type="application/dicom")
        assert shared.content_size == len(CONTENT) and shared.recipient == bob.identity.node_id
        assert bob.assets.get(shared.asset) == CONTENT
    by_file = alice.assets.share(file, to=bob.identity.node_id)
    assert alice.assets.find(by_file.asset).name == "scan.dcm"
    with pytest.raises(TypeError, match="pathlib"):
        alice.assets.share("text", to="bob")
    with pytest.raises(drawbridge.NotFound):
        alice.assets.share(b"x", to="nobody")


def test_reading_like_a_file(pair):
    alice, bob = pair
    shared = alice.assets.share(CONTENT, to="bob", name="x")
    with bob.assets.open(shared.asset) as file:
        assert file.info.name == "x" and file.info.role == "grantee"
        assert file.read(10) == CONTENT[:10]
        file.seek(-10, os.SEEK_END)
        assert file.read() == CONTENT[-10:]
        out = bytearray(5)
        file.seek(70_000)
        assert file.readinto(out) == 5 and out == CONTENT[70_000:70_005]


def test_expiry_and_revocation(pair):
    alice, bob = pair
    shared = alice.assets.share(b"for a while", to="bob", expires=timedelta(hours=1))
    assert bob.assets.get(shared.asset) == b"for a while"
    assert alice.assets.find(shared.asset).expires > datetime.now(timezone.utc)
    alice.assets.revoke(shared.asset)
    with pytest.raises(drawbridge.Gone):
        bob.assets.get(shared.asset)
    with pytest.raises(drawbridge.Forbidden):
        bob.assets.revoke(shared.asset)
    with pytest.raises(drawbridge.Invalid):
        alice.assets.share(b"x", to="bob", expires=timedelta(hours=-1))
    with pytest.raises(ValueError, match="time zone"):
        alice.assets.share(b"x", to="bob", expires=datetime.now())


def test_lists(pair):
    alice, bob = pair
    mine = [alice.assets.share(b"%d" % i, to="bob").asset for i in range(5)]
    listed = [info.asset for info in alice.assets.list(role="owner", page=2)]
    assert listed[:5] == mine[::-1]
    assert set(mine) <= {info.asset for info in bob.assets.list(role="grantee")}
    assert list(alice.assets.list(recipient=bob.identity.node_id, end=datetime(2020, 1, 1, tzinfo=timezone.utc))) == []


def test_proofs(pair):
    alice, bob = pair
    shared = alice.assets.share(b"provable", to="bob")
    verified = alice.assets.verify(shared.asset, deep=True)
    assert verified and verified.event.type == "shared"
    proof = alice.assets.proof(shared.asset)
    checkpoint, event = drawbridge.check_proof(proof, alice.identity.node_id, alice.identity.node_key)
    assert event.leaf == shared.event.leaf and checkpoint.size > event.index
    details = drawbridge.decode_cbor(event.details)
    assert details["asset"] == shared.asset
    with pytest.raises(drawbridge.Forbidden):
        drawbridge.check_proof(proof, bob.identity.node_id, bob.identity.node_key)


def test_asynchronously(pair):
    alice, bob = pair

    async def main():
        shared = await alice.assets.ashare(CONTENT, to="bob")
        assert await bob.assets.aget(shared.asset) == CONTENT
        again = await alice.assets.ashare(iter([CONTENT]), to="bob")
        reader = await bob.assets.aopen(again.asset)
        assert await reader.aread(10) == CONTENT[:10] and await reader.aread() == CONTENT[10:]
        assert (await alice.assets.averify(shared.asset)).verified
        assert [info async for info in alice.assets.alist(page=3)]
        await alice.assets.arevoke(shared.asset)

    asyncio.run(asyncio.wait_for(main(), 60))


def test_a_source_that_fails_shares_nothing(pair):
    alice, _ = pair

    def parts():
        yield b"some"
        raise ZeroDivisionError("broken")

    before = len(alice.ledger)
    with pytest.raises(drawbridge.Internal, match="ZeroDivisionError: broken"):
        alice.assets.share(parts(), to="bob")
    with pytest.raises(drawbridge.Error):
        alice.assets.share(iter(["text"]), to="bob")
    assert len(alice.ledger) == before


def test_services(pair):
    alice, bob = pair
    assert alice.identity.find_peer("bob").node_id == bob.identity.node_id
    assert [peer.name for peer in alice.identity.peers()] == ["bob"]
    assert alice.identity.sign(b"message")
    sealed = alice.keyring.seal("test", b"secret")
    assert alice.keyring.open("test", sealed) == b"secret"
    with pytest.raises(drawbridge.CannotOpen):
        alice.keyring.open("other", sealed)
    version = alice.keyring.rotate()
    assert version == alice.keyring.current_version and alice.keyring.open("test", sealed) == b"secret"
    assert alice.keyring.rewrap().records > 0
    client, key = alice.access.create("someone", ["read"])
    assert alice.access.check(key).id == client.id
    assert alice.access.revoke(client.id) and alice.access.check(key) is None


def test_status_and_components(pair):
    alice, _ = pair
    names = [each.name for each in alice.status()]
    assert "assets" in names and all(each.state == "ok" for each in alice.status())
    assert isinstance(alice["main"], drawbridge.Storage) and alice["main"] is alice.component("main")
    alice["main"].close()  # the node's, not ours
    assert not alice["main"].closed
    with pytest.raises(drawbridge.NotFound, match="there are"):
        alice["none"]


def test_a_node_stops_and_starts_again(tmp_path):
    file = make_home(tmp_path, "carol")
    node = drawbridge.Node(file, log_level="error")
    with pytest.raises(drawbridge.Unavailable, match="does not run"):
        node.status()
    with node:
        assets, first = node.assets, node.identity.node_id
        with pytest.raises(drawbridge.Conflict):
            drawbridge.Node(file, log_level="error").start()
    assert not node.running
    with pytest.raises(drawbridge.Unavailable, match="closed"):
        assets.find("sha256:x")
    with node:
        assert node.identity.node_id == first


def test_text_in_place_of_a_file(tmp_path):
    text = "node: {name: dora}\nstorage: {main: {plugin: storage.memory}}\nlog: {level: error}\n"
    with drawbridge.Node(tmp_path / "node.yaml", text=text) as node:
        node["main"][b"k"] = b"v"
        assert node.name == "dora"
        with pytest.raises(drawbridge.Unsupported):
            node.assets
