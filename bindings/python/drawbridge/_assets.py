"""Assets: what a node shares and was given."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any, AsyncIterator, Awaitable, Iterator

from . import _drawbridge
from ._content import Content, as_memory, as_readinto
from ._blobs import RangeReader
from ._component import Loaded
from .values import AssetInfo, PortableChunk, Shared, Verification



def _moment(expires: datetime | timedelta | None) -> datetime | None:
    return datetime.now(timezone.utc) + expires if isinstance(expires, timedelta) else expires


def _name_of(content: object, name: str | None) -> str:
    """The given name, or that of the file."""
    return name if name is not None else str(getattr(content, "name", "")).rpartition("/")[2]


class AssetReader(RangeReader):
    """An asset, open for reading as a binary file. No byte is handed out before it is authenticated: reading raises
    CannotOpen for content that is not what was sealed.
    """

    def __init__(self, opened: _drawbridge.OpenAsset) -> None:
        self._opened = opened
        self.info: AssetInfo = opened.info()
        super().__init__(self.info.content_size)

    def read_at(self, offset: int, out: Any) -> int:
        return self._opened.readinto(offset, out)

    def bytes_at(self, offset: int, size: int | None) -> bytes:
        return self._opened.read(offset, size)

    async def aread(self, size: int = -1) -> bytes:
        """The next bytes, at most `size`; all that is left for -1."""
        part = await self._opened.aread(self._at, None if size < 0 else size)
        self._at += len(part)
        return part

    def close(self) -> None:
        super().close()
        self._opened.drop()


class Assets(Loaded):
    """Sharing: seal once, grant, release by policy, prove. Ids are taken with and without their "sha256:"."""

    _facet_name = "Assets"
    _assets: _drawbridge.Assets

    def share(self, content: Content, to: str, *, name: str | None = None, type: str = "",
              expires: datetime | timedelta | None = None) -> Shared:
        """Seals bytes, a file (a `pathlib.Path`, or one that is open in binary mode) or an iterable of bytes, and
        grants it to a peer: its id, its name, or a unique beginning of the id. Durable when it returns; the
        announcement is sent again in the background while the peer is away.

        `name` and `type` (a media type) travel inside of the sealed part; a file's name is taken unless another is
        given. Raises NotFound for an unknown recipient before anything is read, Invalid for an expiry in the past;
        what reading the content raises is raised as Internal, and then nothing is shared.
        """
        name, moment, memory = _name_of(content, name), _moment(expires), as_memory(content)
        if memory is not None:
            return self._assets.share(memory, to, name, type, moment)
        with as_readinto(content) as readinto:
            return self._assets.share_from(readinto, to, name, type, moment)

    async def ashare(self, content: Content, to: str, *, name: str | None = None, type: str = "",
                     expires: datetime | timedelta | None = None) -> Shared:
        name, moment, memory = _name_of(content, name), _moment(expires), as_memory(content)
        if memory is not None:
            return await self._assets.ashare(memory, to, name, type, moment)
        with as_readinto(content) as readinto:
            return await self._assets.ashare_from(readinto, to, name, type, moment)

    def open(self, asset: str) -> AssetReader:
        """Obtains the key, fetches the envelope where it is not here yet, and opens the content as a file. Raises
        NotFound, Forbidden, Gone, Unavailable (the owner is needed and away), CannotOpen.
        """
        return AssetReader(self._assets.open(asset))

    async def aopen(self, asset: str) -> AssetReader:
        return AssetReader(await self._assets.aopen(asset))

    def get(self, asset: str) -> bytes:
        """The whole content. Raises as `open` does. For what may be larger than memory use `open`."""
        with self.open(asset) as reader:
            return reader.readall()

    async def aget(self, asset: str) -> bytes:
        with await self.aopen(asset) as reader:
            return await reader.aread()

    def find(self, asset: str) -> AssetInfo | None:
        """What this node knows of an asset."""
        return self._assets.find(asset)

    def afind(self, asset: str) -> Awaitable[AssetInfo | None]:
        return self._assets.afind(asset)

    def list(self, *, start: datetime | None = None, end: datetime | None = None, recipient: str = "", role: str = "",
             page: int = 100) -> Iterator[AssetInfo]:
        """Assets, newest first, read in pages of `page` (1 to 1,000): shared from `start` (inclusive) to `end`
        (exclusive), with `recipient` (id, name or beginning of an id), as "owner" or "grantee".
        """
        cursor = ""
        while True:
            assets, cursor = self._assets.list(start, end, recipient, role, cursor, page)
            yield from assets
            if not cursor:
                return

    async def alist(self, *, start: datetime | None = None, end: datetime | None = None, recipient: str = "",
                    role: str = "", page: int = 100) -> AsyncIterator[AssetInfo]:
        cursor = ""
        while True:
            assets, cursor = await self._assets.alist(start, end, recipient, role, cursor, page)
            for asset in assets:
                yield asset
            if not cursor:
                return

    def verify(self, asset: str, deep: bool = False) -> Verification:
        """Checks the asset's event against the ledger's signed head, and with `deep` every byte of the stored
        envelope against its address. The result is true when it holds.
        """
        return self._assets.verify(asset, deep)

    def averify(self, asset: str, deep: bool = False) -> Awaitable[Verification]:
        return self._assets.averify(asset, deep)

    def proof(self, asset: str) -> str:
        """The proof file of the asset's first event, with its opening; `drawbridge.check_proof` checks it offline.
        Raises NotFound.
        """
        return self._assets.proof(asset)

    def aproof(self, asset: str) -> Awaitable[str]:
        return self._assets.aproof(asset)

    def revoke(self, asset: str, recipient: str | None = None) -> None:
        """Ends the grants of an asset, of one recipient or of all. Only the owner can: Forbidden."""
        self._assets.revoke(asset, recipient)

    def arevoke(self, asset: str, recipient: str | None = None) -> Awaitable[None]:
        return self._assets.arevoke(asset, recipient)

    def export_chunk(self, asset: str, index: int) -> PortableChunk:
        """One chunk as a token that other software opens. Raises Unsupported when the suite's chunks are of no
        portable format, Invalid for an index that is too high.
        """
        return self._assets.export_chunk(asset, index)

    def aexport_chunk(self, asset: str, index: int) -> Awaitable[PortableChunk]:
        return self._assets.aexport_chunk(asset, index)


Loaded._facet_classes["Assets"] = Assets
