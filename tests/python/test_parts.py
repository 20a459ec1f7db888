"""Ledger, keeper and transport loaded one by one, from components that refer to each other."""

import asyncio
import threading
from contextlib import ExitStack
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace

import pytest

import drawbridge


@pytest.fixture
def parts(tmp_path):
    """Two sets of components over storage.memory that know each other, with no configuration file."""
    with ExitStack() as stack:
        def make(name):
            password = tmp_path / f"{name}.pw"
            password.write_text("a password for this test\n")
            password.chmod(0o600)
            part = SimpleNamespace()
            part.store = stack.enter_context(drawbridge.storage("storage.memory"))
            part.suite = stack.enter_context(drawbridge.cipher("cipher.fernet"))
            part.keyring = stack.enter_context(drawbridge.component(
                "service.keyring", records=part.store, suite=part.suite, key_file=tmp_path / f"{name}.json",
                password_file=password))
            part.identity = stack.enter_context(drawbridge.component(
                "service.identity", name, name=name, records=part.store, suite=part.suite, keyring=part.keyring))
            part.ledger = stack.enter_context(drawbridge.ledger(
                "chain.local", records=part.store, identity=part.identity))
            part.keeper = stack.enter_context(drawbridge.keeper(
                "keeper.owner", records=part.store, suite=part.suite, keyring=part.keyring, identity=part.identity))
            part.transport = stack.enter_context(drawbridge.transport(
                "transport.loopback", identity=part.identity, hub=str(tmp_path)))
            return part

        alice, bob = make("alice"), make("bob")
        alice.identity.add_peer(bob.identity.card)
        bob.identity.add_peer(alice.identity.card)
        yield alice, bob


def test_ledger(parts):
    ledger = parts[0].ledger
    first = ledger.record("node", what="test")
    drafts = [drawbridge.EventDraft("shared", f"sha256:{i}", {"n": str(i)}) for i in range(5)]
    events = [ledger.append(draft) for draft in drafts]
    assert len(ledger) >= 6 and ledger
    assert ledger.event(first.index).leaf == first.leaf and ledger.event(10_000) is None
    assert ledger.find("sha256:3") == [events[3]]
    assert [event.index for event in ledger][-6:] == [first.index] + [event.index for event in events]
    assert abs(events[0].time - datetime.now(timezone.utc)) < timedelta(minutes=5)
    proof = ledger.proof(events[2].index, True)
    _, proved = drawbridge.check_proof(proof, parts[0].identity.node_id, parts[0].identity.node_key)
    assert drawbridge.decode_cbor(proved.details)["n"] == "2"
    assert ledger.audit() == ledger.head() and parts[0].identity.node_id in ledger.checkpoint()
    assert ledger.consistency(1, len(ledger))
    with pytest.raises(drawbridge.Invalid):
        ledger.consistency(5, 1)
    with pytest.raises(drawbridge.NotFound):
        ledger.proof(10_000, False)


def test_ledger_asynchronously(parts):
    ledger = parts[0].ledger

    async def main():
        events = await asyncio.gather(*(ledger.aappend(drawbridge.EventDraft("t", "s")) for _ in range(20)))
        assert len({event.index for event in events}) == 20
        assert len(await ledger.afind("s")) == 20
        assert (await ledger.ahead()).size == len([event async for event in ledger.aiter_events()])

    asyncio.run(asyncio.wait_for(main(), 60))


def test_keeper(parts):
    alice, bob = parts
    me, grantee = alice.identity.node_id, bob.identity.node_id
    key = bytes(range(32))
    grant = drawbridge.Grant("sha256:one", me, grantee, {"recipient": grantee}, "owner", datetime.now(timezone.utc))
    wrapped = alice.keeper.entrust(grant, drawbridge.Secret(key))
    assert bob.identity.unwrap(drawbridge.grant_context(grant), wrapped) == key
    assert alice.keeper.release("sha256:one", grantee)
    until = datetime.now(timezone.utc) + timedelta(hours=1)
    timed = grant._replace(asset="sha256:two", policy={"all": [{"recipient": grantee}, {"before": until}]})
    assert alice.keeper.entrust(timed, key) is None
    assert bob.identity.unwrap(drawbridge.grant_context(timed), alice.keeper.release("sha256:two", grantee)) == key
    alice.keeper.revoke("sha256:two", grantee)
    with pytest.raises(drawbridge.Gone):
        alice.keeper.release("sha256:two", grantee)
    with pytest.raises(drawbridge.Forbidden):
        alice.keeper.release("sha256:one", me)
    with pytest.raises(drawbridge.NotFound):
        alice.keeper.release("sha256:none", grantee)
    with pytest.raises(drawbridge.Invalid):
        alice.keeper.entrust(grant._replace(policy={"whenever": 1}), key)
    assert alice.keeper.keeper == "owner"


def test_transport(parts):
    alice, bob = parts

    def echo(stream):
        assert stream.peer == alice.identity.node_id
        for message in stream:
            stream.send(message.upper())

    def fail(stream):
        raise drawbridge.Forbidden("not you")

    def crash(stream):
        raise ZeroDivisionError("secret detail")

    bob.transport.serve("test.echo/1", echo)
    bob.transport.serve("test.fail/1", fail)
    bob.transport.serve("test.crash/1", crash)
    to = bob.identity.node_id
    with alice.transport.open(to, "test.echo/1") as stream:
        for word in (b"one", b"two"):
            stream.send(word)
            assert stream.receive() == word.upper()
        stream.finish()
        assert stream.receive() is None
    assert alice.transport.request(to, "test.echo/1", b"hello") == b"HELLO"
    with pytest.raises(drawbridge.Forbidden, match="not you"):
        alice.transport.request(to, "test.fail/1", b"hello")
    with pytest.raises(drawbridge.Internal):
        alice.transport.request(to, "test.crash/1", b"hello")
    with pytest.raises(drawbridge.Conflict):
        bob.transport.serve("test.echo/1", echo)
    bob.transport.withdraw("test.echo/1")
    with pytest.raises(drawbridge.Unsupported):
        alice.transport.request(to, "test.echo/1", b"hello")
    with pytest.raises(drawbridge.NotFound):
        alice.transport.open("node_" + "0" * 64, "test.echo/1")
    with pytest.raises(drawbridge.TooLarge):
        with alice.transport.open(to, "test.fail/1") as stream:
            stream.send(bytes(300_000))


def test_transport_asynchronously(parts):
    alice, bob = parts

    async def main():
        async def double(stream):
            async for message in stream:
                await stream.asend(message * 2)

        bob.transport.serve("test.double/1", double)
        to = bob.identity.node_id
        answers = await asyncio.gather(*(alice.transport.arequest(to, "test.double/1", b"%d" % i) for i in range(50)))
        assert answers == [b"%d%d" % (i, i) for i in range(50)]

    asyncio.run(asyncio.wait_for(main(), 60))


def test_users_are_closed_before_what_they_use(parts):
    alice, _ = parts
    alice.store.close()
    for user in (alice.ledger, alice.keyring, alice.identity, alice.transport):
        assert user.closed
    assert not alice.suite.closed


def test_closing_ends_a_call_that_waits(parts):
    alice, bob = parts
    began, raised = threading.Event(), []

    def wait(stream):
        began.set()
        for _ in stream:
            pass

    bob.transport.serve("test.wait/1", wait)

    def work():
        try:
            with alice.transport.open(bob.identity.node_id, "test.wait/1") as stream:
                stream.send(b"here")
                stream.receive()
        except drawbridge.Error as error:
            raised.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    assert began.wait(30)
    alice.transport.close()
    thread.join(30)
    assert not thread.is_alive() and len(raised) == 1


def test_references_are_checked(memory):
    with pytest.raises(drawbridge.Invalid, match="`identity` is missing"):
        drawbridge.component("chain.local", records=memory)
    with pytest.raises(drawbridge.Invalid, match="is no Identity"):
        drawbridge.component("chain.local", records=memory, identity=memory)
    with pytest.raises(drawbridge.Invalid, match="takes a loaded component"):
        drawbridge.component("chain.local", records="main", identity=memory)
    with pytest.raises(drawbridge.Invalid, match="takes a value"):
        drawbridge.component("storage.memory", max_bytes=memory)
