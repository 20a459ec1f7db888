"""Cipher suites: sealing, hashing, wrapping keys, signing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Awaitable, List

from . import _drawbridge
from ._component import Component, Loaded, in_thread
from .values import Algorithm, BytesLike, KeyPair

DATA_KEY_BYTES = 32


class Hasher(ABC):
    """A running hash for content addresses; for one thread at a time."""

    @abstractmethod
    def update(self, content: bytes) -> None: ...

    @abstractmethod
    def finish(self) -> bytes:
        """The digest. Once, last."""


class ChunkCipher(ABC):
    """Seals and opens the chunks of one envelope under one data key. A chunk opens only at its own index, with its own
    last-chunk flag, under its own envelope header. Thread-safe; chunks go in any order.
    """

    @abstractmethod
    def sealed_size(self, plain_size: int) -> int:
        """The exact size in bytes of the sealed form of that many bytes."""

    @abstractmethod
    def seal(self, index: int, last: bool, plain: bytes) -> BytesLike: ...

    @abstractmethod
    def open(self, index: int, last: bool, sealed: bytes) -> BytesLike:
        """Raises CannotOpen, for whatever reason."""

    def portable_key(self, index: int, last: bool) -> BytesLike:
        """The chunk's own key in the notation of the suite's token format; empty where there is none."""
        return b""


class CipherSuite(Component, ABC):
    """A named set of algorithms that go together. Everything computes and never waits.

    Keys and derived secrets come as `drawbridge.Secret`, which is wiped when it is let go, and are taken as that or
    as any bytes-like object. Whatever fails to open raises CannotOpen and says no more.
    """

    @property
    @abstractmethod
    def suite(self) -> str:
        """As it is stored: "fernet"."""

    @property
    @abstractmethod
    def address_prefix(self) -> str:
        """The content address of an envelope is this, ":" and the hash in hex."""

    @abstractmethod
    def algorithms(self) -> List[Algorithm]: ...

    @abstractmethod
    def hasher(self) -> Hasher: ...

    @abstractmethod
    def chunk_cipher(self, data_key: bytes, header: bytes) -> ChunkCipher:
        """`data_key` has 32 bytes (else Invalid); `header` is the encoded envelope header."""

    @abstractmethod
    def seal_small(self, key: bytes, context: bytes, plain: bytes) -> BytesLike:
        """A small secret under a key of 32 bytes, bound to a context that the opener must repeat."""

    @abstractmethod
    def open_small(self, key: bytes, context: bytes, sealed: bytes) -> BytesLike:
        """Raises CannotOpen."""

    @abstractmethod
    def generate_encryption_keys(self) -> KeyPair: ...

    @abstractmethod
    def wrap(self, public_key: bytes, context: bytes, data_key: bytes) -> bytes:
        """A data key for the holder of a private key. Raises Invalid for a public key that is none of this suite."""

    @abstractmethod
    def unwrap(self, private_key: bytes, context: bytes, wrapped: bytes) -> BytesLike:
        """Raises CannotOpen."""

    @abstractmethod
    def generate_signature_keys(self) -> KeyPair: ...

    @abstractmethod
    def sign(self, private_key: bytes, message: bytes) -> bytes: ...

    @abstractmethod
    def verify(self, public_key: bytes, message: bytes, signature: bytes) -> bool:
        """False for every malformed input."""

    @abstractmethod
    def password_parameters(self) -> str:
        """What a new key file stores: "pbkdf2-hmac-sha256:600000"."""

    @abstractmethod
    def derive(self, password: bytes, salt: bytes, parameters: str) -> BytesLike:
        """A key of 32 bytes. Raises Invalid for parameters that are unknown, too weak or absurdly costly."""

    def hash(self, content: bytes) -> bytes:
        hasher = self.hasher()
        hasher.update(content)
        return hasher.finish()

    # The asynchronous twins of what takes long.

    def ahash(self, content: bytes) -> Awaitable[bytes]:
        return in_thread(self.hash, content)

    def aseal_small(self, key: bytes, context: bytes, plain: bytes) -> Awaitable[BytesLike]:
        return in_thread(self.seal_small, key, context, plain)

    def aopen_small(self, key: bytes, context: bytes, sealed: bytes) -> Awaitable[BytesLike]:
        return in_thread(self.open_small, key, context, sealed)

    def agenerate_encryption_keys(self) -> Awaitable[KeyPair]:
        return in_thread(self.generate_encryption_keys)

    def awrap(self, public_key: bytes, context: bytes, data_key: bytes) -> Awaitable[bytes]:
        return in_thread(self.wrap, public_key, context, data_key)

    def aunwrap(self, private_key: bytes, context: bytes, wrapped: bytes) -> Awaitable[BytesLike]:
        return in_thread(self.unwrap, private_key, context, wrapped)

    def agenerate_signature_keys(self) -> Awaitable[KeyPair]:
        return in_thread(self.generate_signature_keys)

    def asign(self, private_key: bytes, message: bytes) -> Awaitable[bytes]:
        return in_thread(self.sign, private_key, message)

    def averify(self, public_key: bytes, message: bytes, signature: bytes) -> Awaitable[bool]:
        return in_thread(self.verify, public_key, message, signature)

    def aderive(self, password: bytes, salt: bytes, parameters: str) -> Awaitable[BytesLike]:
        return in_thread(self.derive, password, salt, parameters)


Hasher.register(_drawbridge.Hasher)
ChunkCipher.register(_drawbridge.ChunkCipher)


class LoadedSuite(Loaded, CipherSuite):
    """A suite of a plugin."""

    _facet_name = "CipherSuite"
    _ciphersuite: _drawbridge.CipherSuite

    @property
    def suite(self) -> str:
        return self._ciphersuite.suite

    @property
    def address_prefix(self) -> str:
        return self._ciphersuite.address_prefix

    def algorithms(self) -> List[Algorithm]:
        return self._ciphersuite.algorithms()

    def password_parameters(self) -> str:
        return self._ciphersuite.password_parameters()

    def hasher(self) -> Hasher:
        return self._ciphersuite.hasher()  # type: ignore[return-value]

    def chunk_cipher(self, data_key: BytesLike, header: BytesLike) -> ChunkCipher:
        return self._ciphersuite.chunk_cipher(data_key, header)  # type: ignore[return-value]

    def hash(self, content: BytesLike) -> bytes:
        return self._ciphersuite.hash(content)

    def ahash(self, content: BytesLike) -> Awaitable[bytes]:
        return self._ciphersuite.ahash(content)

    def seal_small(self, key: BytesLike, context: BytesLike, plain: BytesLike) -> _drawbridge.Buffer:
        return self._ciphersuite.seal_small(key, context, plain)

    def aseal_small(self, key: BytesLike, context: BytesLike, plain: BytesLike) -> Awaitable[_drawbridge.Buffer]:
        return self._ciphersuite.aseal_small(key, context, plain)

    def open_small(self, key: BytesLike, context: BytesLike, sealed: BytesLike) -> _drawbridge.Secret:
        return self._ciphersuite.open_small(key, context, sealed)

    def aopen_small(self, key: BytesLike, context: BytesLike, sealed: BytesLike) -> Awaitable[_drawbridge.Secret]:
        return self._ciphersuite.aopen_small(key, context, sealed)

    def generate_encryption_keys(self) -> KeyPair:
        return self._ciphersuite.generate_encryption_keys()

    def agenerate_encryption_keys(self) -> Awaitable[KeyPair]:
        return self._ciphersuite.agenerate_encryption_keys()

    def wrap(self, public_key: BytesLike, context: BytesLike, data_key: BytesLike) -> bytes:
        return self._ciphersuite.wrap(public_key, context, data_key)

    def awrap(self, public_key: BytesLike, context: BytesLike, data_key: BytesLike) -> Awaitable[bytes]:
        return self._ciphersuite.awrap(public_key, context, data_key)

    def unwrap(self, private_key: BytesLike, context: BytesLike, wrapped: BytesLike) -> _drawbridge.Secret:
        return self._ciphersuite.unwrap(private_key, context, wrapped)

    def aunwrap(self, private_key: BytesLike, context: BytesLike, wrapped: BytesLike) -> Awaitable[_drawbridge.Secret]:
        return self._ciphersuite.aunwrap(private_key, context, wrapped)

    def generate_signature_keys(self) -> KeyPair:
        return self._ciphersuite.generate_signature_keys()

    def agenerate_signature_keys(self) -> Awaitable[KeyPair]:
        return self._ciphersuite.agenerate_signature_keys()

    def sign(self, private_key: BytesLike, message: BytesLike) -> bytes:
        return self._ciphersuite.sign(private_key, message)

    def asign(self, private_key: BytesLike, message: BytesLike) -> Awaitable[bytes]:
        return self._ciphersuite.asign(private_key, message)

    def verify(self, public_key: BytesLike, message: BytesLike, signature: BytesLike) -> bool:
        return self._ciphersuite.verify(public_key, message, signature)

    def averify(self, public_key: BytesLike, message: BytesLike, signature: BytesLike) -> Awaitable[bool]:
        return self._ciphersuite.averify(public_key, message, signature)

    def derive(self, password: BytesLike, salt: BytesLike, parameters: str) -> _drawbridge.Secret:
        return self._ciphersuite.derive(password, salt, parameters)

    def aderive(self, password: BytesLike, salt: BytesLike, parameters: str) -> Awaitable[_drawbridge.Secret]:
        return self._ciphersuite.aderive(password, salt, parameters)


Loaded._facet_classes["CipherSuite"] = LoadedSuite
