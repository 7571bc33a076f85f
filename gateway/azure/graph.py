"""Graph: two verbs of Microsoft Graph on aiohttp, as one application of the tenant needs them. Not an SDK.

Opens nothing that stays open: what asks here asks once a minute. Asks nothing again by itself either: whoever writes a whole
list must have read it just before. What is told of a failure never has a token in it.
"""

import asyncio
import ssl
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import msgspec
from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

PUBLIC = "https://graph.microsoft.com"

_TIMEOUT = ClientTimeout(total=20, sock_connect=5)  # seconds
_PASSING = (429, 500, 502, 503, 504)
_AHEAD = 300.0  # seconds before its end from which a token is not used any more
_SAID = 500  # characters of an error


class GraphError(Exception):
    """Graph refused, or was not to be reached; the text says why."""


class Busy(GraphError):
    """This may pass. `wait`: after how many seconds, where Graph said so."""

    def __init__(self, text: str, wait: float | None = None) -> None:
        super().__init__(text)
        self.wait = wait


class _Error(msgspec.Struct):
    code: str = ""
    message: str = ""


class _Refusal(msgspec.Struct):
    error: _Error = msgspec.field(default_factory=_Error)


class Graph:
    """`credential` is made for each token, on the loop that asks, and closed again; `trust` is a file of authorities, besides
    nobody. The endpoint is another one in national clouds."""

    def __init__(
        self, credential: Callable[[], "AsyncTokenCredential"], endpoint: str = PUBLIC, trust: str = ""
    ) -> None:
        self._credential = credential
        self._endpoint = endpoint
        self._trust = trust
        self._tls: ssl.SSLContext | None = None
        self._token, self._ends = "", 0.0

    async def get[Wanted](self, path: str, query: Mapping[str, str], kind: type[Wanted]) -> Wanted:
        """What stands there. Raises GraphError; Busy where that may pass."""
        body = await self._asked("GET", path, query, None)
        try:
            return msgspec.json.decode(body, type=kind)
        except msgspec.MsgspecError as error:
            raise GraphError(f"Microsoft Graph answered something else than was asked for: {error}") from error

    async def patch(self, path: str, change: object) -> None:
        """Changes the members that are named. Raises GraphError; Busy where it may pass, and may have been done as well."""
        await self._asked("PATCH", path, {}, msgspec.json.encode(change))

    async def _asked(self, method: str, path: str, query: Mapping[str, str], body: bytes | None) -> bytes:
        headers = {"Authorization": f"Bearer {await self._granted()}", "Content-Type": "application/json"}
        try:
            async with (
                ClientSession(timeout=_TIMEOUT, cookie_jar=DummyCookieJar(), trust_env=True) as session,
                session.request(
                    method,
                    self._endpoint + path,
                    params=query,
                    headers=headers,
                    data=body,
                    ssl=self._context(),
                    allow_redirects=False,
                ) as response,
            ):
                found = await response.read()
                if response.status >= 300:
                    raise _refused(response.status, found, response.headers.get("Retry-After", ""))
                return found
        except (ClientError, OSError) as error:  # TimeoutError is an OSError
            raise Busy(f"Microsoft Graph was not to be reached: {error or type(error).__name__}") from error

    async def _granted(self) -> str:
        """A token that holds for a while."""
        if self._ends - time.time() > _AHEAD:
            return self._token
        found = await asyncio.to_thread(self._credential)  # importing what it needs takes a while
        from azure.core.exceptions import AzureError  # not before: no cold start waits for it

        try:
            async with found:
                token = await found.get_token(f"{self._endpoint}/.default")
        except AzureError as error:
            raise GraphError(f"no token for Microsoft Graph: {error}") from error
        self._token, self._ends = token.token, token.expires_on
        return self._token

    def _context(self) -> ssl.SSLContext:
        self._tls = self._tls or ssl.create_default_context(cafile=self._trust or None)
        return self._tls


def _refused(status: int, body: bytes, retry_after: str) -> GraphError:
    try:
        error = msgspec.json.decode(body, type=_Refusal).error
    except msgspec.MsgspecError:
        error = _Error()
    said = f"Microsoft Graph answered {status} {error.code}: {error.message}"[:_SAID].rstrip(": ")
    if status not in _PASSING:
        return GraphError(said)
    return Busy(said, float(retry_after) if retry_after.isascii() and retry_after.isdigit() else None)
