"""The values that the facets take and give: plain tuples, made and read by Python and C++ alike.

Times are `datetime` in UTC with millisecond steps; a naive one is refused. Sizes are in bytes. Everything in a tuple
that is called `bytes` may be any bytes-like object when Python code makes it.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any, Dict, List, NamedTuple, Optional, Tuple, Union

from ._drawbridge import Buffer, Secret

#: What is taken where bytes are asked for: anything with the buffer protocol.
BytesLike = Union[bytes, bytearray, memoryview, Buffer, Secret]

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MILLISECOND = timedelta(milliseconds=1)


def time_from_unix_ms(milliseconds: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=milliseconds)


def unix_ms(time: datetime) -> int:
    if time.tzinfo is None:
        raise ValueError("a time needs its time zone: datetime.now(timezone.utc), not datetime.now()")
    return (time - _EPOCH) // _MILLISECOND


class Batch:
    """Changes that happen together or not at all, and only if every precondition holds.

    Preconditions see the state before the batch. Of several changes to one key the last one counts. At most 65,536
    changes; keys of 1 to 1,024 bytes, values of at most 16 MiB.

        batch = Batch().expect_absent(b"grant/7").put(b"grant/7", value).erase(b"pending/7")
        store.commit(batch)
    """

    __slots__ = ("changes", "expectations")

    def __init__(self) -> None:
        #: (key, value), with None for a key that is erased; in the order of the calls.
        self.changes: List[Tuple[BytesLike, Optional[BytesLike]]] = []
        #: (key, value), with None for a key that must be absent.
        self.expectations: List[Tuple[BytesLike, Optional[BytesLike]]] = []

    def put(self, key: BytesLike, value: BytesLike) -> Batch:
        self.changes.append((key, value))
        return self

    def erase(self, key: BytesLike) -> Batch:
        self.changes.append((key, None))
        return self

    def expect(self, key: BytesLike, value: BytesLike) -> Batch:
        """The batch is refused with Conflict unless the key has exactly this value before."""
        self.expectations.append((key, value))
        return self

    def expect_absent(self, key: BytesLike) -> Batch:
        """The batch is refused with Conflict unless the key is absent before."""
        self.expectations.append((key, None))
        return self

    def __setitem__(self, key: BytesLike, value: BytesLike) -> None:
        self.changes.append((key, value))

    def __delitem__(self, key: BytesLike) -> None:
        self.changes.append((key, None))

    def __len__(self) -> int:
        return len(self.changes)


class RecordsPage(NamedTuple):
    records: List[Tuple[bytes, bytes]]  #: (key, value), in bytewise order of the keys.
    more: bool  #: Whether there is at least one record behind the last of this page.


class BlobInfo(NamedTuple):
    id: str
    size: int  #: Bytes.


class BlobsPage(NamedTuple):
    blobs: List[BlobInfo]  #: In order of id.
    more: bool


class Algorithm(NamedTuple):
    purpose: str  #: "payload"
    name: str
    standard: str


class KeyPair(NamedTuple):
    public_key: bytes
    private_key: Union[bytes, Secret]


class Checkpoint(NamedTuple):
    origin: str  #: The log's name: "drawbridge/" and the node's id.
    size: int  #: Events.
    root: bytes  #: 32 bytes.


class EventDraft(NamedTuple):
    type: str
    subject: str = ""  #: What makes the event findable; never in the entry itself.
    details: Dict[str, str] = {}


class LedgerEvent(NamedTuple):
    index: int  # type: ignore[assignment]
    type: str
    time: datetime
    commitment: bytes  #: SHA-256 over a domain, salt and details.
    salt: bytes  #: Empty when the opening is not known.
    details: bytes  #: Deterministic CBOR map of text; `drawbridge.decode_cbor` reads it.
    entry: bytes  #: The leaf's bytes, as they were logged.
    leaf: bytes  #: The leaf's hash; "0x" and its hex is the REST interface's `tx_hash`.


class EventsPage(NamedTuple):
    events: List[LedgerEvent]  #: Oldest first.
    more: bool


#: A tree of conditions: {"recipient": id}, {"before": time}, {"after": time}, {"all": [...]}, {"any": [...]},
#: {"not": ...}. Times may be datetimes, or milliseconds since 1970; C++ gives the latter.
Policy = Dict[str, Any]


class Grant(NamedTuple):
    asset: str
    owner: str  #: Node ids.
    grantee: str
    policy: Policy
    keeper: str
    created: datetime


class LinkStatus(NamedTuple):
    node_id: str
    address: str
    connected: bool
    since: datetime
    detail: str  #: The TLS group and cipher when connected; else the last error.


class Peer(NamedTuple):
    node_id: str
    name: str
    addresses: List[str]
    added: datetime
    node_key: bytes  #: Ed25519, 32 bytes.
    card: str  #: The text of the card file.


class KeyVersion(NamedTuple):
    version: int
    created: datetime
    current: bool


class Rewrapped(NamedTuple):
    records: int  #: How many were sealed anew under the current version.
    unused: List[int]  #: Older versions that no record needs any more.


class ApiClient(NamedTuple):
    id: str
    name: str
    scopes: List[str]
    created: datetime
    expires: Optional[datetime]


class Shared(NamedTuple):
    asset: str  #: "sha256:…", the hash of the envelope.
    recipient: str  #: The full node id.
    suite: str
    key_version: int
    event: LedgerEvent
    content_size: int
    delivered: bool  #: Whether the grantee has confirmed; else the announcement is sent again in the background.


class AssetInfo(NamedTuple):
    asset: str
    role: str  #: "owner" or "grantee".
    owner: str
    grantees: List[str]
    name: str
    type: str
    content_size: int  #: 0 until a received asset was first opened.
    envelope_size: int
    time: datetime  #: When it was shared, by the owner's clock.
    expires: Optional[datetime]
    state: str  #: "active", "expired" or "revoked".
    delivery: str  #: Owner: "delivered" or "pending". Grantee: "stored" or "remote".
    suite: str


class Verification(NamedTuple):
    verified: bool
    reason: Optional[str]  #: Why not.
    event: Optional[LedgerEvent]
    checkpoint: str
    proof: str

    def __bool__(self) -> bool:
        return self.verified


class PortableChunk(NamedTuple):
    index: int  # type: ignore[assignment]
    count: int  # type: ignore[assignment]
    key: Secret
    sealed: bytes


class ComponentStatus(NamedTuple):
    name: str
    plugin: str
    version: str
    state: str  #: "ok", "degraded" or "failed".
    detail: str


class Health(NamedTuple):
    state: str = "ok"  #: "ok", "degraded" (still serves) or "failed".
    detail: str = ""
