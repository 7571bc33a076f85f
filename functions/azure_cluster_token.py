"""ClusterToken: what the control plane shows to a cluster that knows its callers by Entra. Renewed ahead of its end, by one at a time.

azure-identity keeps tokens too, but asks once for each of many who ask at the same moment. And where the identity endpoint is
out it may take a minute to say so, or hand out the old token once more: whoever has one that holds is not made to wait.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Protocol

from functions.kube_client import NoToken
from gateway.env import SettingsError
from gateway.tasks import background

# What AKS calls itself in every tenant: learn.microsoft.com/azure/aks/kubelogin-authentication
SCOPE = "6dae42f8-4368-4678-94ff-3960e28e3630/.default"
# Seconds before its end from which on another is asked for: by then azure-identity gives no longer the one it keeps (300).
AHEAD = 240.0
LEAST = 30.0  # seconds that a token must hold to be shown: it has a way to go, and clocks differ
PATIENCE = 8.0  # seconds that a caller waits: less than for the cluster itself, so that it is told what is missing
PAUSE = 5.0  # seconds from one attempt to the next, so that an outage is not a storm

_log = logging.getLogger(__name__)


class Granted(Protocol):
    """A token, and the second since 1970 at which it ends."""

    @property
    def token(self) -> str: ...

    @property
    def expires_on(self) -> int: ...


class Credential(Protocol):
    """Of azure-identity, what is used here."""

    async def get_token(self, *scopes: str) -> Granted:
        """Raises AzureError where there is none to be had."""
        ...

    async def close(self) -> None:
        """Ends its connections."""
        ...


class ClusterToken:
    """`await token()`. `credential` is made at the first call, on the loop that serves; `clock` is in seconds since 1970."""

    def __init__(self, credential: Callable[[], Credential], clock: Callable[[], float] = time.time) -> None:
        self._make = credential
        self._clock = clock
        self._credential: Credential | None = None
        self._token, self._ends = "", float("-inf")
        self._tried = float("-inf")
        self._why = ""
        self._renewing: asyncio.Task[None] | None = None

    async def __call__(self) -> str:
        """A token that holds. Raises NoToken."""
        left = self._ends - self._clock()
        if left < AHEAD and (renewing := self._renewal()) and left < LEAST:
            await asyncio.wait([renewing], timeout=PATIENCE)  # a caller that leaves does not end what others wait for
        if self._ends - self._clock() < LEAST:
            raise NoToken(self._why or "none has been granted that still holds")
        return self._token

    async def close(self) -> None:
        """Ends whatever is under way, and all connections."""
        if self._renewing:
            self._renewing.cancel()
            await asyncio.wait([self._renewing])
        if self._credential:
            await self._credential.close()
            self._credential = None

    def _renewal(self) -> asyncio.Task[None] | None:
        """The one that is under way or begins now; None where it is too early for another."""
        if self._renewing and not self._renewing.done():
            return self._renewing
        if 0 <= self._clock() - self._tried < PAUSE:
            return None
        self._renewing = background(self._renew(), "token for the cluster")
        return self._renewing

    async def _renew(self) -> None:
        try:
            granted = await self._asked()
        except (NoToken, SettingsError) as error:
            if not self._why:  # once an outage
                _log.warning("no token for the cluster: %s", error)
            self._why = str(error) or type(error).__name__
            return
        finally:
            self._tried = self._clock()
        if self._why:
            _log.info("tokens for the cluster again")
        self._why = ""
        self._token, self._ends = granted.token, granted.expires_on

    async def _asked(self) -> Granted:
        if self._credential is None:
            self._credential = await asyncio.to_thread(self._make)  # importing what it needs takes a while
        from azure.core.exceptions import AzureError  # not before: no cold start waits for it

        try:
            return await self._credential.get_token(SCOPE)
        except AzureError as error:
            raise NoToken(str(error) or type(error).__name__) from error
