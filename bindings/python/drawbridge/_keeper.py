"""Keepers: who holds the key of an asset, and when it is released."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Awaitable

from . import _drawbridge
from ._component import Component, Loaded, in_thread
from .values import BytesLike, Grant


class Keeper(Component, ABC):
    """Holds what is needed to release an asset's key to a grantee, and decides when."""

    @property
    @abstractmethod
    def keeper(self) -> str:
        """As grants name it: "owner"."""

    @abstractmethod
    def entrust(self, grant: Grant, data_key: bytes) -> bytes | None:
        """Takes charge of a grant and its data key (32 bytes); durable when it returns. For a policy that asks for
        nothing but the recipient it returns the key wrapped for the grantee, else None. Raises NotFound for an
        unknown grantee.
        """

    @abstractmethod
    def release(self, asset: str, grantee: str) -> bytes:
        """The key of an asset, wrapped for `grantee`, if the policy holds now. Raises NotFound (no such asset here),
        Forbidden (no grant, or the policy does not hold), Gone (expired or revoked).
        """

    @abstractmethod
    def revoke(self, asset: str, grantee: str) -> None:
        """No release from now on. Raises NotFound when there is no such grant; revoking twice is fine."""

    def aentrust(self, grant: Grant, data_key: bytes) -> Awaitable[bytes | None]:
        return in_thread(self.entrust, grant, data_key)

    def arelease(self, asset: str, grantee: str) -> Awaitable[bytes]:
        return in_thread(self.release, asset, grantee)

    def arevoke(self, asset: str, grantee: str) -> Awaitable[None]:
        return in_thread(self.revoke, asset, grantee)


class LoadedKeeper(Loaded, Keeper):
    """A keeper of a plugin."""

    _facet_name = "Keeper"
    _keeper: _drawbridge.Keeper

    @property
    def keeper(self) -> str:
        return self._keeper.keeper

    def entrust(self, grant: Grant, data_key: BytesLike) -> bytes | None:
        return self._keeper.entrust(grant, data_key)

    def aentrust(self, grant: Grant, data_key: BytesLike) -> Awaitable[bytes | None]:
        return self._keeper.aentrust(grant, data_key)

    def release(self, asset: str, grantee: str) -> bytes:
        return self._keeper.release(asset, grantee)

    def arelease(self, asset: str, grantee: str) -> Awaitable[bytes]:
        return self._keeper.arelease(asset, grantee)

    def revoke(self, asset: str, grantee: str) -> None:
        return self._keeper.revoke(asset, grantee)

    def arevoke(self, asset: str, grantee: str) -> Awaitable[None]:
        return self._keeper.arevoke(asset, grantee)


Loaded._facet_classes["Keeper"] = LoadedKeeper
