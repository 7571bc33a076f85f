"""The gateway's REST API, as far as a catalog needs it: a request, asked again where that helps and does no harm.

Redirects are not followed and no proxy of the environment is used: the token is for the endpoint alone.
"""

import aiohttp
import msgspec

from gateway.errors import Problem
from infra.catalog.plugin.patience import Patience
from infra.catalog.plugin.renewal import Identity

_ONE = 100.0  # seconds for one request
_CONNECT = 10.0  # seconds until somebody has to be there
_PAUSE, _LONGEST_PAUSE = 1.0, 30.0  # seconds between two attempts, whatever Retry-After says
_AGAIN = (429, 503)
_LENGTH = 500  # characters of a body that is no problem


class Refused(Exception):
    """The gateway said no, and why."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


class Unreachable(Exception):
    """The gateway was not asked: nobody is there, or nobody we trust. `certain`: nor will there be in a moment."""

    def __init__(self, detail: str, *, certain: bool) -> None:
        super().__init__(detail)
        self.certain = certain


class Uncertain(Exception):
    """The gateway was asked, and its answer never came: what was asked for may be done, or not."""


class Request(msgspec.Struct, frozen=True):
    """`etag`: only if that version is the one stored."""

    method: str
    path: str
    body: bytes | None = None
    etag: str = ""


class Answer(msgspec.Struct, frozen=True):
    """`retry_after` in seconds, as it came."""

    status: int
    body: bytes
    retry_after: str = ""

    def refused(self) -> Refused:
        """What it says, where it is no success."""
        try:
            detail = msgspec.json.decode(self.body, type=Problem).detail
        except (msgspec.DecodeError, msgspec.ValidationError):
            detail = self.body[:_LENGTH].decode(errors="replace").strip()
        return Refused(self.status, detail or f"The gateway answered {self.status}.")


class Api:
    """Of one gateway, as one caller."""

    def __init__(self, endpoint: str, identity: Identity) -> None:
        self.endpoint = endpoint
        self._identity = identity
        self._http: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Closes its connections."""
        if self._http:
            await self._http.close()
        await self._identity.close()

    async def ask(self, request: Request, patience: Patience) -> Answer:
        """The last answer there is within `patience`, whatever it says.

        Raises Unreachable, NoToken, Cancelled; Uncertain: of a POST after one attempt, of other methods after the last.
        """
        while True:
            outcome = await self._identified(request, patience)
            wait = _pause(request.method, outcome)
            if wait is None or not await patience.lasts(wait):
                if isinstance(outcome, Exception):
                    raise outcome
                return outcome

    async def _identified(self, request: Request, patience: Patience) -> Answer | Unreachable | Uncertain:
        """Once; and once more with a new token where the one in use is refused."""
        headers = await self._identity.headers()
        outcome = await self._once(request, headers, patience)
        if isinstance(outcome, Answer) and outcome.status == 401 and self._identity.renews:
            return await self._once(request, await self._identity.headers(refused=headers), patience)
        return outcome

    async def _once(
        self, request: Request, headers: dict[str, str], patience: Patience
    ) -> Answer | Unreachable | Uncertain:
        try:
            async with self._session().request(
                request.method,
                f"{self.endpoint}{request.path}",
                headers={**_headers(request), **headers},
                data=request.body,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=max(1.0, min(_ONE, patience.left)), sock_connect=_CONNECT),
            ) as response:
                return Answer(response.status, await response.read(), response.headers.get("Retry-After", ""))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            certain = isinstance(error, aiohttp.ClientSSLError | aiohttp.ClientConnectorCertificateError)
            return Unreachable(f"{self.endpoint} cannot be reached: {error}.", certain=certain)
        except (aiohttp.ClientError, TimeoutError) as error:
            why = str(error) or "none within its time"
            return Uncertain(f"{request.method} {request.path} was sent to {self.endpoint}, and no answer came: {why}.")

    def _session(self) -> aiohttp.ClientSession:
        """Made in the loop that it is used in."""
        self._http = self._http or aiohttp.ClientSession()
        return self._http


def _headers(request: Request) -> dict[str, str]:
    kind = {"Content-Type": "application/json"} if request.body is not None else {}
    return {**kind, **({"If-Match": f'"{request.etag}"'} if request.etag else {})}


def _pause(method: str, outcome: Answer | Unreachable | Uncertain) -> float | None:
    """Seconds until it makes sense to ask again; None: it does not, or would do harm."""
    if isinstance(outcome, Unreachable):
        return None if outcome.certain else _PAUSE
    if isinstance(outcome, Uncertain):
        return None if method == "POST" else _PAUSE
    if outcome.status not in _AGAIN:
        return None
    seconds = outcome.retry_after
    return min(max(_PAUSE, float(seconds)), _LONGEST_PAUSE) if seconds.isascii() and seconds.isdigit() else _PAUSE
