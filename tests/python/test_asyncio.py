"""The asynchronous forms, and cancelling them."""

import asyncio
import threading

import pytest

import drawbridge

# Each test runs its own loop, so that nothing of the test depends on a plugin of pytest.


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 60))


def test_records(store):
    async def main():
        await store.aset(b"a", b"1")
        assert await store.aget(b"a") == b"1" and await store.aget(b"b") is None
        assert bytes(await store.aget_buffer(b"a")) == b"1"
        async with store.batch() as batch:
            batch[b"b"] = b"2"
        assert [item async for item in store.aitems(page=1)] == [(b"a", b"1"), (b"b", b"2")]
        await store.adiscard(b"a")
        assert (await store.ascan()).records == [(b"b", b"2")]
        with pytest.raises(drawbridge.Conflict):
            await store.acommit(drawbridge.Batch().expect_absent(b"b"))

    run(main())


def test_blobs(store, tmp_path):
    file = tmp_path / "file"
    file.write_bytes(b"content" * 100_000)

    async def main():
        id = await store.aput(file)
        assert await store.aread(id) == file.read_bytes()
        assert await store.aread(id, 3, 4) == b"tent"
        assert (await store.astat(id)).size == 700_000
        out = bytearray(7)
        assert await store.areadinto(id, 7, out) == 7 and out == b"content"
        async with await store.acreate() as writer:
            await writer.awrite(b"more")
            await writer.acommit("more")
        assert [blob.id async for blob in store.ablobs()] == sorted([id, "more"])
        assert await store.aerase(id)
        with pytest.raises(drawbridge.NotFound):
            await store.aread(id)

    run(main())


def test_many_at_once(store):
    async def main():
        await asyncio.gather(*(store.aset(b"%04d" % i, b"v%d" % i) for i in range(500)))
        got = await asyncio.gather(*(store.aget(b"%04d" % i) for i in range(500)))
        assert got == [b"v%d" % i for i in range(500)]

    run(main())


def test_suite(suite):
    async def main():
        keys, signing = await asyncio.gather(suite.agenerate_encryption_keys(), suite.agenerate_signature_keys())
        wrapped = await suite.awrap(keys.public_key, b"context", bytes(32))
        assert await suite.aunwrap(keys.private_key, b"context", wrapped) == bytes(32)
        signature = await suite.asign(signing.private_key, b"message")
        assert await suite.averify(signing.public_key, b"message", signature)
        sealed = await suite.aseal_small(bytes(32), b"", b"plain")
        assert await suite.aopen_small(bytes(32), b"", sealed) == b"plain"
        with pytest.raises(drawbridge.CannotOpen):
            await suite.aopen_small(bytes(32), b"other", sealed)

    run(main())


def test_arguments_fail_at_once(memory):
    async def main():
        with pytest.raises(TypeError):
            memory.aget("text")

    run(main())
    with pytest.raises(RuntimeError, match="no running event loop"):
        memory.aget(b"k")


def test_cancelling_a_task_ends_the_call(pair):
    """A receive waits for ever; cancelled, it is over in C++ too: the peer's handler sees the stream end."""
    alice, bob = pair
    arrived, ended = threading.Event(), threading.Event()

    def handler(stream):
        arrived.set()
        try:
            for _ in stream:
                pass
        finally:
            ended.set()

    bob.transport.serve("test.wait/1", handler)

    async def main():
        stream = await alice.transport.aopen(bob.identity.node_id, "test.wait/1")
        await stream.asend(b"here")
        receiving = asyncio.ensure_future(stream.areceive())
        await asyncio.get_running_loop().run_in_executor(None, arrived.wait, 30)
        assert not receiving.done()
        receiving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await receiving
        stream.close()

    try:
        run(main())
        assert ended.wait(30)
    finally:
        bob.transport.withdraw("test.wait/1")


def test_a_timeout_is_a_cancel(pair):
    alice, bob = pair
    bob.transport.serve("test.slow/1", lambda stream: [message for message in stream])

    async def main():
        stream = await alice.transport.aopen(bob.identity.node_id, "test.slow/1")
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(stream.areceive(), 0.05)
        stream.close()

    try:
        run(main())
    finally:
        bob.transport.withdraw("test.slow/1")


def test_a_loop_that_is_gone_loses_only_its_result(store):
    async def main():
        store.aset(b"k", b"v")  # not awaited

    asyncio.run(main())
    with store.batch() as batch:  # waits behind it
        batch[b"other"] = b"v"
    assert store[b"other"] == b"v"
