"""Drawbridge from Python: every plugin alone, or a whole node in this process.

    import drawbridge

    with drawbridge.storage("storage.rocksdb", path="./data") as store:
        store[b"key"] = b"value"

    with drawbridge.Node("alice.yaml") as node:
        node.assets.share(Path("scan.dcm"), to="bob")

Methods block and let other Python threads run meanwhile; each `name` has a twin `aname` to be awaited. Errors are the
classes of `drawbridge.errors`, one for each code, all of them `drawbridge.Error`. docs/python.md is the guide.
"""

from __future__ import annotations

import atexit as _atexit
import os as _os

from . import _drawbridge
from ._drawbridge import Buffer, Secret, check_proof, decode_cbor, grant_context
from ._api import Api, Request, Response, Route
from ._assets import AssetReader, Assets
from ._blobs import BlobReader, Blobs, BlobWriter
from ._cipher import ChunkCipher, CipherSuite, Hasher
from ._component import Component, Loaded
from .errors import (Busy, CannotOpen, Conflict, Corrupt, Error, Forbidden, Gone, Internal, Invalid, MissingKey,
                     NotFound, PaymentRequired, TooLarge, Unauthenticated, Unavailable, Unsupported)
from ._keeper import Keeper
from ._ledger import Ledger
from ._loading import (Storage, cipher, component, describe, keeper, ledger, log_level, plugin_folders, plugins,
                       storage, transport)
from ._node import Node
from ._option import Option
from ._records import Records
from ._services import Access, Identity, Keyring
from ._transport import Stream, Transport
from .values import (Algorithm, ApiClient, AssetInfo, Batch, BlobInfo, BlobsPage, Checkpoint, ComponentStatus,
                     EventDraft, EventsPage, Grant, Health, KeyPair, KeyVersion, LedgerEvent, LinkStatus, Peer, Policy,
                     PortableChunk, RecordsPage, Rewrapped, Shared, Verification)

__version__: str = _drawbridge.version

__all__ = [
    "Access", "Algorithm", "Api", "ApiClient", "AssetInfo", "AssetReader", "Assets", "Batch", "BlobInfo", "BlobReader",
    "BlobWriter", "Blobs", "BlobsPage", "Buffer", "Busy", "CannotOpen", "Checkpoint", "ChunkCipher", "CipherSuite",
    "Component", "ComponentStatus", "Conflict", "Corrupt", "Error", "EventDraft", "EventsPage", "Forbidden", "Gone",
    "Grant", "Hasher", "Health", "Identity", "Internal", "Invalid", "Keeper", "KeyPair", "KeyVersion", "Keyring",
    "Ledger", "LedgerEvent", "LinkStatus", "Loaded", "MissingKey", "Node", "NotFound", "Option", "PaymentRequired",
    "Peer", "Policy", "PortableChunk", "Records", "RecordsPage", "Request", "Response", "Rewrapped", "Route", "Secret",
    "Shared", "Storage", "Stream", "TooLarge", "Transport", "Unauthenticated", "Unavailable", "Unsupported",
    "Verification", "check_proof", "cipher", "component", "decode_cbor", "describe", "grant_context", "keeper",
    "ledger", "log_level", "plugin_folders", "plugins", "storage", "transport",
]

_drawbridge.set_plugin_dirs(plugin_folders())
log_level("warning")
_atexit.register(_drawbridge.shut_down)
_os.register_at_fork(after_in_child=_drawbridge.after_fork)
