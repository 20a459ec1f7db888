"""Every suite through the bindings: what was sealed opens, and nothing else does."""

import gc

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

import drawbridge
from conftest import suites

small = st.binary(max_size=200)
keys = st.binary(min_size=32, max_size=32)
MACHINE = settings(max_examples=10, stateful_step_count=20, deadline=None, database=None,
                   suppress_health_check=list(HealthCheck))


class SuiteMachine(RuleBasedStateMachine):
    """What was sealed is remembered with all that it is bound to; opening agrees with the memory."""

    plugin = ""
    suite = encryption = signature = None

    small_ones = Bundle("small")
    chunks = Bundle("chunks")
    signed = Bundle("signed")

    @initialize()
    def keep_the_suite(self):
        if type(self).suite is None:
            type(self).suite = drawbridge.cipher(self.plugin)
            type(self).encryption = self.suite.generate_encryption_keys()
            type(self).signature = self.suite.generate_signature_keys()

    @rule(target=small_ones, key=keys, context=small, plain=small)
    def seal_small(self, key, context, plain):
        return key, context, plain, bytes(self.suite.seal_small(key, context, plain))

    @rule(sealed=small_ones, other_key=st.none() | keys, other_context=st.none() | small,
          flip=st.none() | st.integers(0))
    def open_small(self, sealed, other_key, other_context, flip):
        key, context, plain, box = sealed
        altered = bytearray(box)
        if flip is not None:
            altered[flip % len(altered)] ^= 1
        key_now, context_now = other_key or key, context if other_context is None else other_context
        if (key_now, context_now, altered) == (key, context, box):
            assert self.suite.open_small(key, context, box) == plain
        else:
            with pytest.raises(drawbridge.CannotOpen):
                self.suite.open_small(key_now, context_now, altered)

    @rule(target=chunks, key=keys, header=small, index=st.integers(0, 2**40), last=st.booleans(), plain=small)
    def seal_chunk(self, key, header, index, last, plain):
        cipher = self.suite.chunk_cipher(key, header)
        sealed = cipher.seal(index, last, plain)
        assert len(sealed) == cipher.sealed_size(len(plain))
        return key, header, index, last, plain, sealed

    @rule(chunk=chunks, step=st.integers(0, 1), flip_last=st.booleans(), header=st.none() | small)
    def open_chunk(self, chunk, step, flip_last, header):
        key, own_header, index, last, plain, sealed = chunk
        cipher = self.suite.chunk_cipher(key, own_header if header is None else header)
        if step or flip_last or header not in (None, own_header):
            with pytest.raises(drawbridge.CannotOpen):
                cipher.open(index + step, last != flip_last, sealed)
        else:
            assert cipher.open(index, last, sealed) == plain

    @rule(data_key=keys, context=small, other=st.none() | small)
    def wrap(self, data_key, context, other):
        wrapped = self.suite.wrap(self.encryption.public_key, context, data_key)
        if other is None or other == context:
            assert self.suite.unwrap(self.encryption.private_key, context, wrapped) == data_key
        else:
            with pytest.raises(drawbridge.CannotOpen):
                self.suite.unwrap(self.encryption.private_key, other, wrapped)

    @rule(target=signed, message=small)
    def sign(self, message):
        return message, self.suite.sign(self.signature.private_key, message)

    @rule(signed=signed, other=st.none() | small, flip=st.none() | st.integers(0))
    def verify(self, signed, other, flip):
        message, signature = signed
        altered = bytearray(signature)
        if flip is not None:
            altered[flip % len(altered)] ^= 1
        holds = other in (None, message) and flip is None
        assert self.suite.verify(self.signature.public_key, message if other is None else other, altered) == holds


@pytest.mark.parametrize("plugin", suites())
def test_suite_is_like_its_model(plugin):
    machine = type(f"Machine of {plugin}", (SuiteMachine,), {"plugin": plugin})
    try:
        run_state_machine_as_test(machine, settings=MACHINE)
    finally:
        if machine.suite is not None:
            machine.suite.close()


def test_all_suites_are_here():
    assert "cipher.fernet" in suites()


def test_description(suite):
    assert suite.suite and suite.address_prefix
    assert {"payload"} <= {algorithm.purpose for algorithm in suite.algorithms()}


def test_hashing(suite):
    hasher = suite.hasher()
    hasher.update(b"one ")
    hasher.update(bytearray(b"two"))
    assert hasher.finish() == suite.hash(b"one two")
    with pytest.raises(drawbridge.Unavailable):
        hasher.update(b"more")


def test_passwords(suite):
    parameters = suite.password_parameters()
    key = suite.derive(b"password", b"salt" * 4, parameters)
    assert len(key) == 32 and suite.derive(b"password", b"salt" * 4, parameters) == key
    assert suite.derive(b"passwore", b"salt" * 4, parameters) != key
    with pytest.raises(drawbridge.Invalid):
        suite.derive(b"password", b"salt" * 4, "none:1")


def test_lengths_are_checked(suite):
    with pytest.raises(drawbridge.Invalid):
        suite.chunk_cipher(b"short", b"")
    with pytest.raises(drawbridge.Invalid):
        suite.wrap(b"no key", b"", b"k" * 32)
    assert suite.verify(b"", b"", b"") is False


def test_secrets_do_not_show(suite):
    keys = suite.generate_signature_keys()
    assert isinstance(keys.private_key, drawbridge.Secret)
    assert bytes(keys.private_key).hex() not in repr(keys) and "bytes" in repr(keys.private_key)
    secret = drawbridge.Secret(b"topsecret")
    assert "topsecret" not in f"{secret} {secret!r}" and secret == b"topsecret" and secret != b"topsecreT"
    assert memoryview(secret).readonly
    with pytest.raises(TypeError):
        hash(secret)
    with pytest.raises(TypeError):
        drawbridge.Secret("text")


def test_objects_end_with_their_component(suite):
    cipher = suite.chunk_cipher(bytes(32), b"")
    suite.close()
    with pytest.raises(drawbridge.Unavailable):
        cipher.seal(0, True, b"x")
    gc.collect()
