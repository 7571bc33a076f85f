"""KeySet: the keys of an issuer as we know them: when they are fetched, and when not. How is `provider`'s.

Whoever sends tokens can name keys that do not exist, so what tokens say causes at most one fetch per PAUSE, failed ones
included. Keys are kept through an outage.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from gateway.errors import Unavailable
from gateway.oidc.keys import Keys
from gateway.oidc.provider import NoKeys
from gateway.tasks import background

PAUSE = 5.0  # seconds from the beginning of a fetch to that of the next
STALE = 3600.0  # seconds; older keys are used, and fetched anew meanwhile

_log = logging.getLogger(__name__)


class Source(Protocol):
    """Where keys come from."""

    issuer: str

    async def fetch(self) -> Keys:
        """The keys of the moment, at least one. Raises NoKeys."""
        ...


class KeySet:
    """`withdrawn` is called when a key that was there is there no more, or is another. `clock` is in seconds."""

    def __init__(
        self, source: Source, withdrawn: Callable[[], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._source = source
        self._withdrawn = withdrawn
        self._clock = clock
        self._keys: Keys = {}
        self._fetched = self._asked = float("-inf")
        self._fetching: asyncio.Task[None] | None = None
        self._is_out = False

    async def key(self, kid: str) -> RSAPublicKey | None:
        """The key of that id, or None where the issuer has none. Raises Unavailable where not one key is known."""
        found = self._keys.get(kid)
        if found is None:
            await self._refreshed()
            found = self._keys.get(kid)
        elif self._clock() - self._fetched > STALE:
            self._refreshing()
        if not self._keys:
            raise Unavailable("The keys of the identity provider cannot be had.", retry_after=int(PAUSE))
        return found

    async def _refreshed(self) -> None:
        if fetching := self._refreshing():
            await asyncio.wait([fetching])  # a caller that leaves does not end what others wait for

    def _refreshing(self) -> asyncio.Task[None] | None:
        """The fetch that is under way or begins now; None where it is too early for another."""
        if self._fetching and not self._fetching.done():
            return self._fetching
        if self._clock() - self._asked < PAUSE:
            return None
        self._asked = self._clock()
        self._fetching = background(self._refresh(), f"keys of {self._source.issuer}")
        return self._fetching

    async def _refresh(self) -> None:
        try:
            fresh = await self._source.fetch()
        except NoKeys as error:
            if not self._is_out:
                _log.warning(
                    "no keys from %s, %d earlier ones are kept: %s", self._source.issuer, len(self._keys), error
                )
            self._is_out = True
            return
        if self._is_out:
            _log.info("keys from %s again", self._source.issuer)
        self._is_out = False
        before, self._keys = self._keys, fresh
        self._fetched = self._clock()
        if any(fresh.get(kid) != key for kid, key in before.items()):
            self._withdrawn()
