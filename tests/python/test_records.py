"""Records as a dict: types, batches, pages, errors."""

import gc

import pytest

import drawbridge


def test_dict_manners(store):
    store[b"a"] = b"1"
    store[bytearray(b"b")] = memoryview(b"2")
    assert store[b"a"] == b"1" and type(store[b"a"]) is bytes
    assert store.get(b"none") is None and store.get(b"none", b"default") == b"default"
    assert b"b" in store and b"c" not in store
    assert list(store) == [b"a", b"b"] and list(store.values()) == [b"1", b"2"]
    del store[b"a"]
    assert list(store.items()) == [(b"b", b"2")]


def test_a_missing_key_is_a_key_error_and_a_not_found(store):
    for error in (KeyError, drawbridge.NotFound, drawbridge.MissingKey, drawbridge.Error):
        with pytest.raises(error, match="no record b'none'"):
            store[b"none"]
    with pytest.raises(KeyError):
        del store[b"none"]


def test_text_is_not_bytes(store):
    for attempt in (lambda: store["a"], lambda: store.get("a"), lambda: store.put("text"), lambda: "a" in store):
        with pytest.raises(TypeError):
            attempt()
    with pytest.raises(TypeError):
        store[b"a"] = "text"
    assert list(store) == []


def test_batches_are_whole(store):
    with store.batch() as batch:
        batch.expect_absent(b"a")
        batch[b"a"] = b"1"
        batch[b"b"] = b"2"
    with pytest.raises(drawbridge.Conflict):
        with store.batch() as batch:
            batch.expect(b"a", b"other")
            del batch[b"b"]
    with pytest.raises(ZeroDivisionError):
        with store.batch() as batch:
            del batch[b"b"]
            raise ZeroDivisionError
    assert dict(store.items()) == {b"a": b"1", b"b": b"2"}


def test_pages(store):
    content = {b"p/%04d" % i: b"%d" % i for i in range(250)}
    batch = drawbridge.Batch()
    for key, value in content.items():
        batch.put(key, value)
    batch.put(b"q", b"")
    store.commit(batch)
    assert dict(store.items(b"p/", page=7)) == content
    page = store.scan(b"p/", b"p/0100", 3)
    assert [key for key, _ in page.records] == [b"p/0101", b"p/0102", b"p/0103"] and page.more
    assert not store.scan(b"q").more


@pytest.mark.parametrize("make, error", [
    (lambda s: s.scan(b"", b"", 0), drawbridge.Invalid),
    (lambda s: s.scan(b"", b"", 5000), drawbridge.Invalid),
    (lambda s: s.aset, None),
    (lambda s: s.__setitem__(b"", b"x"), drawbridge.Invalid),
    (lambda s: s.__setitem__(b"k" * 1025, b"x"), drawbridge.Invalid),
    (lambda s: s.__setitem__(b"k", bytes((16 << 20) + 1)), drawbridge.TooLarge),
    (lambda s: s.commit("no batch"), TypeError),
    (lambda s: s.scan(b"", b"", -1), TypeError),
])
def test_errors(store, make, error):
    if error is None:
        assert make(store)
        return
    with pytest.raises(error):
        make(store)


def test_buffers_share_memory(store):
    value = bytes(range(256)) * 400
    store[b"large"] = value
    buffer = store.get_buffer(b"large")
    view = memoryview(buffer)
    assert view.readonly and view == value and len(buffer) == len(value) and buffer == value
    del buffer
    gc.collect()
    assert view[-1] == 255  # the view keeps the memory


def test_what_is_stored_is_a_copy(memory):
    changing = bytearray(b"before")
    memory[b"k"] = changing
    changing[:] = b"after!"
    assert memory[b"k"] == b"before"
    changing.extend(b"grows")  # nothing holds its buffer any more


def test_closed(memory):
    writer = memory.create()
    memory.close()
    memory.close()
    assert memory.closed
    for attempt in (lambda: memory[b"a"], lambda: memory.status(), lambda: writer.write(b"x")):
        with pytest.raises(drawbridge.Unavailable, match="closed"):
            attempt()


def test_options_are_checked_together(tmp_path):
    with pytest.raises(drawbridge.Invalid) as raised:
        drawbridge.storage("storage.memory", max_byte="1MiB", path=tmp_path)
    assert "max_byte" in str(raised.value) and "did you mean `max_bytes`" in str(raised.value)
    assert "path" in str(raised.value)
    with pytest.raises(drawbridge.Invalid, match="`path` is missing"):
        drawbridge.storage("storage.rocksdb")
    with pytest.raises(drawbridge.NotFound, match="storage.memory"):
        drawbridge.storage("storage.memori")
    with pytest.raises(drawbridge.Unsupported):
        drawbridge.cipher("storage.memory")


def test_no_value_of_an_option_is_syntax(tmp_path):
    """Quoting is nobody's business: options are never made into YAML."""
    odd = tmp_path / "a: {b}, ${node.data} '\"#"
    with drawbridge.storage("storage.rocksdb", path=odd) as store:
        store[b"k"] = b"v"
    assert odd.is_dir()


def test_facets(memory):
    assert memory.facets == ["Blobs", "Records"]
    assert isinstance(memory, drawbridge.Records) and isinstance(memory, drawbridge.Blobs)
    memory.facet(drawbridge.Records)[b"k"] = b"v"
    assert memory[b"k"] == b"v"
    with pytest.raises(drawbridge.Unsupported):
        memory.facet(drawbridge.Ledger)
    assert memory.status().state == "ok" and memory.health().state == "ok"


def test_an_unclosed_component_warns():
    store = drawbridge.storage("storage.memory")
    with pytest.warns(ResourceWarning, match="unclosed"):
        del store
        gc.collect()
