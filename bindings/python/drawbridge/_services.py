"""The services of a node: who it is and whom it knows, its secrets at rest, its API keys."""

from __future__ import annotations

from datetime import datetime
from typing import Awaitable, List, Tuple

from . import _drawbridge
from ._component import Loaded
from .values import ApiClient, BytesLike, KeyVersion, Peer, Rewrapped


class Identity(Loaded):
    """Who this node is and whom it knows. Its private keys never leave it.

    `add_peer` takes the text of a card and remembers the node; it raises Forbidden for a card that does not verify,
    Conflict for another node's name, Invalid for this node's own card. `remove_peer` tells whether there was such a
    peer. `sign` signs with the node's key in its suite; `unwrap` opens what was wrapped for it, or raises CannotOpen.
    """

    _facet_name = "Identity"
    _identity: _drawbridge.Identity

    @property
    def node_id(self) -> str:
        """"node_" and 64 hexadecimal digits: the hash of the node's public keys."""
        return self._identity.node_id

    @property
    def card(self) -> str:
        """The text of the node's card, to be given to peers."""
        return self._identity.card

    @property
    def card_name(self) -> str:
        """What the node calls itself."""
        return self._identity.name

    @property
    def node_key(self) -> bytes:
        """The public Ed25519 key, 32 bytes."""
        return self._identity.node_key

    def peers(self) -> List[Peer]:
        return self._identity.peers()

    def find_peer(self, who: str) -> Peer | None:
        """By node id, name, or a beginning of the id that fits one peer only. Raises Conflict when it fits several."""
        return self._identity.find_peer(who)

    def add_peer(self, card: str) -> Peer:
        return self._identity.add_peer(card)

    def aadd_peer(self, card: str) -> Awaitable[Peer]:
        return self._identity.aadd_peer(card)

    def remove_peer(self, node_id: str) -> bool:
        return self._identity.remove_peer(node_id)

    def aremove_peer(self, node_id: str) -> Awaitable[bool]:
        return self._identity.aremove_peer(node_id)

    def sign(self, message: BytesLike) -> bytes:
        return self._identity.sign(message)

    def asign(self, message: BytesLike) -> Awaitable[bytes]:
        return self._identity.asign(message)

    def unwrap(self, context: BytesLike, wrapped: BytesLike) -> _drawbridge.Secret:
        return self._identity.unwrap(context, wrapped)

    def aunwrap(self, context: BytesLike, wrapped: BytesLike) -> Awaitable[_drawbridge.Secret]:
        return self._identity.aunwrap(context, wrapped)


class Keyring(Loaded):
    """Keeps the node's secrets at rest, under versioned keys and a master password.

    `seal` seals under the current version, bound to the name; at most 1 MiB. `open` opens what any kept version
    sealed, or
    raises CannotOpen. `rotate` makes a new version current; the old ones still open. `rewrap` seals every stored secret
    anew under the current version.
    """

    _facet_name = "Keyring"
    _keyring: _drawbridge.Keyring

    @property
    def current_version(self) -> int:
        return self._keyring.current_version

    def versions(self) -> List[KeyVersion]:
        return self._keyring.versions()

    def record_key(self, name: str) -> bytes:
        """Where a sealed secret of that name lives in the storage that the keyring uses."""
        return self._keyring.record_key(name)

    def seal(self, name: str, secret: BytesLike) -> _drawbridge.Buffer:
        return self._keyring.seal(name, secret)

    def aseal(self, name: str, secret: BytesLike) -> Awaitable[_drawbridge.Buffer]:
        return self._keyring.aseal(name, secret)

    def open(self, name: str, sealed: BytesLike) -> _drawbridge.Secret:
        return self._keyring.open(name, sealed)

    def aopen(self, name: str, sealed: BytesLike) -> Awaitable[_drawbridge.Secret]:
        return self._keyring.aopen(name, sealed)

    def rotate(self) -> int:
        return self._keyring.rotate()

    def arotate(self) -> Awaitable[int]:
        return self._keyring.arotate()

    def rewrap(self) -> Rewrapped:
        return self._keyring.rewrap()

    def arewrap(self) -> Awaitable[Rewrapped]:
        return self._keyring.arewrap()


class Access(Loaded):
    """The API keys of a node, kept as hashes. Scopes are "read", "share" and "admin"."""

    _facet_name = "Access"
    _access: _drawbridge.Access

    def check(self, presented: str) -> ApiClient | None:
        """Whose key this is."""
        return self._access.check(presented)

    def list(self) -> List[ApiClient]:
        return self._access.list()

    def create(self, name: str, scopes: List[str], expires: datetime | None = None) -> Tuple[ApiClient, str]:
        """The client and its key, which is told once. Raises Invalid for an unknown scope or a name that is none."""
        return self._access.create(name, scopes, expires)

    def acreate(self, name: str, scopes: List[str], expires: datetime | None = None) -> Awaitable[Tuple[ApiClient,
    str]]:
        return self._access.acreate(name, scopes, expires)

    def revoke(self, id: str) -> bool:
        """Whether there was such a key. Effective at once."""
        return self._access.revoke(id)

    def arevoke(self, id: str) -> Awaitable[bool]:
        return self._access.arevoke(id)


for _kind in (Identity, Keyring, Access):
    Loaded._facet_classes[_kind._facet_name] = _kind
