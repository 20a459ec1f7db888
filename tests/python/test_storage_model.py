"""Every storage through the bindings against a model: a dict that cannot be wrong."""

import shutil
import tempfile

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

import drawbridge
from conftest import engines, open_storage

keys = st.binary(min_size=1, max_size=3)
values = st.binary(max_size=40)
MACHINE = settings(max_examples=25, stateful_step_count=30, deadline=None, database=None,
                   suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


class StorageMachine(RuleBasedStateMachine):
    plugin = ""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.mkdtemp(prefix="drawbridge-model-")
        self.store = open_storage(self.plugin, self.folder)
        self.records, self.blobs = {}, {}

    def teardown(self):
        self.store.close()
        shutil.rmtree(self.folder)

    @rule(key=keys, value=values)
    def put(self, key, value):
        self.store[key] = value
        self.records[key] = value

    @rule(key=keys)
    def delete(self, key):
        if key in self.records:
            del self.store[key]
            del self.records[key]
        else:
            with pytest.raises(KeyError):
                del self.store[key]

    @rule(key=keys)
    def discard(self, key):
        self.store.discard(key)
        self.records.pop(key, None)

    @rule(key=keys)
    def get(self, key):
        assert self.store.get(key) == self.records.get(key)
        assert (key in self.store) == (key in self.records)
        buffer = self.store.get_buffer(key)
        assert (None if buffer is None else bytes(buffer)) == self.records.get(key)

    @rule(changes=st.lists(st.tuples(keys, st.none() | values), max_size=6),
          expected=st.lists(st.tuples(keys, st.none() | values), max_size=2))
    def batch(self, changes, expected):
        batch = drawbridge.Batch()
        for key, value in changes:
            batch.erase(key) if value is None else batch.put(key, value)
        for key, value in expected:
            batch.expect_absent(key) if value is None else batch.expect(key, value)
        if any(self.records.get(key) != value for key, value in expected):
            with pytest.raises(drawbridge.Conflict):
                self.store.commit(batch)
            return
        self.store.commit(batch)
        for key, value in changes:
            if value is None:
                self.records.pop(key, None)
            else:
                self.records[key] = value

    @rule(prefix=st.binary(max_size=2), page=st.integers(1, 5))
    def scan(self, prefix, page):
        expected = sorted((k, v) for k, v in self.records.items() if k.startswith(prefix))
        assert list(self.store.items(prefix, page=page)) == expected

    @rule(content=st.binary(max_size=300))
    def put_blob(self, content):
        self.blobs[self.store.put(content)] = content

    @rule(data=st.data())
    def read_blob(self, data):
        id = data.draw(st.sampled_from(sorted(self.blobs) + ["sha256:none"]))
        if id not in self.blobs:
            assert self.store.stat(id) is None
            with pytest.raises(drawbridge.NotFound):
                self.store.read(id)
            return
        content = self.blobs[id]
        offset, size = data.draw(st.integers(0, 310)), data.draw(st.integers(0, 310))
        assert self.store.stat(id) == (id, len(content))
        assert self.store.read(id) == content
        assert self.store.read(id, offset, size) == content[offset:offset + size]
        with self.store.open(id) as file:
            file.seek(min(offset, len(content)))
            assert file.read() == content[offset:]

    @rule(data=st.data())
    def erase_blob(self, data):
        id = data.draw(st.sampled_from(sorted(self.blobs) + ["sha256:none"]))
        assert self.store.erase(id) == (self.blobs.pop(id, None) is not None)

    @invariant()
    def same_blobs(self):
        assert {blob.id: blob.size for blob in self.store.blobs()} == {k: len(v) for k, v in self.blobs.items()}


@pytest.mark.parametrize("plugin", engines())
def test_storage_is_like_its_model(plugin):
    machine = type(f"Machine of {plugin}", (StorageMachine,), {"plugin": plugin})
    run_state_machine_as_test(machine, settings=MACHINE)


def test_all_engines_are_here():
    assert {"storage.memory", "storage.rocksdb"} <= set(engines())
