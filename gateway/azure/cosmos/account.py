"""The account, as stores use it: made without a loop or I/O, connected when first asked, and never asked for longer than agreed.

A piece of work is done once more where nobody can say whether it took effect, so it must recognise its own first try; and
again after each wait that the service asks for, while there is time. All else that goes wrong is Unavailable.
"""

import asyncio
import logging
import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from gateway.azure import credentials
from gateway.azure.cosmos.answers import Answered, Failure, Unproven
from gateway.azure.cosmos.settings import Settings
from gateway.errors import TooLarge, Unavailable

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

    from gateway.azure.cosmos.client import Client, Container

type Work[T] = Callable[["Container"], Awaitable[T]]

_WAITS = 5  # times that one piece of work waits because the service asked for it
_UNSAID = 0.1  # seconds of such a wait where it does not say how long
_TIRED = 5  # seconds after which a caller may come again, likewise

_log = logging.getLogger(__name__)


class Account:
    """One account's connections, shared by all stores on it. Closed by `close`, after which it connects anew when asked.

    It belongs to the loop that asks. A second loop gets connections of its own, and those of the first are not closed.
    """

    def __init__(self, settings: Settings, credential: Callable[[], "AsyncTokenCredential"]) -> None:
        self._settings = settings
        self._credential = credential
        self._opening: asyncio.Task[Client] | None = None

    @classmethod
    def from_env(cls, variables: Mapping[str, str]) -> "Account":
        """The account that these variables name, reached as whoever they say this process is. Raises SettingsError."""
        kept = dict(variables)
        credentials.check(kept)
        return cls(Settings.from_env(kept), lambda: credentials.credential(kept))

    async def run[T](self, container: str, work: Work[T]) -> T:
        """What `work` returns, which may be called several times. Raises TooLarge, Unavailable."""
        try:
            async with asyncio.timeout(self._settings.patience):
                return await self._tried(container, work)
        except TimeoutError:
            _log.warning("the record store failed: no answer in %g s", self._settings.patience)
            raise _unavailable() from None
        except Answered as failure:
            if failure.status == 413:
                raise TooLarge("This is more than the record store takes for one record or event: 2 MB.") from None
            raise self._given_up(failure) from None
        except Failure as failure:
            raise self._given_up(failure) from None

    async def close(self) -> None:
        """Ends every connection."""
        opening, self._opening = self._opening, None
        if opening is None:
            return
        opening.cancel()
        await asyncio.wait([opening])
        if not opening.cancelled() and opening.exception() is None:
            await opening.result().close()

    async def _tried[T](self, container: str, work: Work[T]) -> T:
        again, waits = 1, _WAITS
        while True:
            try:
                return await work(await (await self._client()).container(container))
            except Failure as failure:
                wait = self._wait(failure)
                if wait is not None and waits:
                    waits -= 1
                    await asyncio.sleep(wait)
                elif failure.passes and again:
                    again -= 1
                    _log.info("once more, after: %s", failure)
                else:
                    raise

    def _wait(self, failure: Failure) -> float | None:
        """Seconds that the service asks for; None where it does not, or where the caller had better be told of them."""
        if not isinstance(failure, Answered) or not failure.is_throttling:
            return None
        wait = _UNSAID if failure.wait is None else failure.wait
        return wait if wait < self._settings.patience / 2 else None

    async def _client(self) -> "Client":
        """Single flight: whoever comes while it connects waits for the same, and a failure is nobody's but theirs."""
        loop = asyncio.get_running_loop()
        if self._opening is None or self._opening.get_loop() is not loop:
            self._opening = loop.create_task(self._opened(), name="cosmos")
            self._opening.add_done_callback(self._forget)
        # A caller who goes away takes nothing from the others.
        return await asyncio.shield(self._opening)

    async def _opened(self) -> "Client":
        # Either imports much; meanwhile the loop has others to serve.
        client = await asyncio.to_thread(_client_class)
        try:
            proof = await asyncio.to_thread(self._credential)
        except ValueError as error:
            raise Unproven(str(error)) from None
        async with asyncio.timeout(self._settings.patience):
            return await client.connected(self._settings, proof)

    def _forget(self, opening: "asyncio.Task[Client]") -> None:
        failed = opening.cancelled() or opening.exception() is not None
        if failed and self._opening is opening:
            self._opening = None

    def _given_up(self, failure: Failure) -> Unavailable:
        _log.log(logging.ERROR if failure.is_ours else logging.WARNING, "the record store failed: %s", failure)
        if isinstance(failure, Answered) and failure.is_throttling:
            retry_after = max(1, math.ceil(_TIRED if failure.wait is None else failure.wait))
            return Unavailable("The record store is busy. Ask again later.", retry_after=retry_after)
        return _unavailable()


@asynccontextmanager
async def opened(variables: Mapping[str, str]) -> AsyncGenerator[Account]:
    """The account, for as long as the block runs. It need not be there yet. Raises SettingsError."""
    account = Account.from_env(variables)
    try:
        yield account
    finally:
        await account.close()


def _client_class() -> "type[Client]":
    from gateway.azure.cosmos.client import Client

    return Client


def _unavailable() -> Unavailable:
    return Unavailable(
        "The record store does not answer. Ask again in a moment; a change may have been made all the same."
    )
