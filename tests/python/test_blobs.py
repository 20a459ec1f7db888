"""Blobs: from anything, in ranges, as files."""

import hashlib
import io
import os

import pytest

import drawbridge

CONTENT = os.urandom(3_000_000)
ID = "sha256:" + hashlib.sha256(CONTENT).hexdigest()


def test_put_from_anything(store, tmp_path):
    file = tmp_path / "content"
    file.write_bytes(CONTENT)
    parts = [CONTENT[i:i + 70_000] for i in range(0, len(CONTENT), 70_000)]
    for content in (CONTENT, memoryview(CONTENT), file, io.BytesIO(CONTENT), iter(parts), parts, file.open("rb")):
        assert store.put(content) == ID
        assert store.read(ID) == CONTENT
        assert store.erase(ID)
    assert store.put(b"named", id="my-name") == "my-name"
    assert store.put(b"") == "sha256:" + hashlib.sha256(b"").hexdigest()


def test_ranges_and_files(store):
    store.put(CONTENT)
    assert store.read(ID, 5, 7) == CONTENT[5:12]
    assert store.read(ID, len(CONTENT) - 3, 100) == CONTENT[-3:]
    assert store.read(ID, len(CONTENT) + 5) == b""
    out = bytearray(10)
    assert store.readinto(ID, 100, out) == 10 and out == CONTENT[100:110]
    with pytest.raises(BufferError):
        store.readinto(ID, 0, b"read-only!")
    with store.open(ID) as file:
        assert file.size == len(CONTENT)
        buffered = io.BufferedReader(file)
        assert buffered.read(10) == CONTENT[:10]
        buffered.seek(-10, os.SEEK_END)
        assert buffered.read() == CONTENT[-10:]
    with pytest.raises(drawbridge.NotFound):
        store.open("sha256:none")


def test_writers(store):
    with store.create() as writer:
        writer.write(b"part ")
        writer.write(b"and part")
        writer.commit("written")
    assert store.read("written") == b"part and part"
    with store.create() as writer:
        writer.write(b"dropped")
    with pytest.raises(drawbridge.Unavailable):
        writer.write(b"more")
    with pytest.raises(drawbridge.Invalid):
        with store.create() as writer:
            writer.commit("../escape")
    assert [blob.id for blob in store.blobs()] == ["written"]


def test_a_source_that_fails_leaves_nothing(store):
    def parts():
        yield b"some"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.put(parts())
    assert list(store.blobs()) == []


def test_pages(store):
    for i in range(30):
        store.put(b"%d" % i, id=f"blob-{i:02d}")
    page = store.list("blob-04", 3)
    assert [blob.id for blob in page.blobs] == ["blob-05", "blob-06", "blob-07"] and page.more
    assert len(list(store.blobs())) == 30
    with pytest.raises(drawbridge.Invalid):
        store.list("", 0)
