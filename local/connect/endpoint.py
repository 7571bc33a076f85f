"""The MCP endpoint over HTTP: headers, the bearer, connections. Looks at no body; what a status means is for others."""

import os
import socket
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from io import BytesIO
from types import TracebackType

import aiohttp
from yarl import URL

from gateway.tokens.token import NoToken
from local.connect.bearer import Bearer
from local.connect.options import Options, shown
from local.connect.source import source

CONNECT = 10.0  # seconds; how long an answer takes is between client and server
# Below what servers keep idle connections for (often 5 s), so that none is chosen that is just being closed.
KEEP_ALIVE = 3.0
HOPS = 5  # redirects within one origin
_FIELD = 64 * 1024  # bytes of one header line; session ids may be long
BROKE = "The connection to the gateway broke before the answer came."


class NoAnswer(Exception):
    """There is no HTTP answer, or not all of one; the message is for people."""


class Endpoint:
    """`async with Endpoint(options) as endpoint`. Making it raises WrongOption where what gives the tokens is not installed."""

    def __init__(self, options: Options) -> None:
        self._url = options.url
        self._headers = options.headers
        tokens = source(options)
        self._bearer = Bearer(tokens) if tokens else None

    async def __aenter__(self) -> "Endpoint":
        self._http = aiohttp.ClientSession(
            # No limit: every open stream holds a connection.
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE, socket_factory=_watched),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            max_line_size=_FIELD,
            max_field_size=_FIELD,
            # Compression would hold events back wherever somebody compresses on the way.
            headers={"user-agent": "mcp-gateway-connect", "accept-encoding": "identity", **self._headers},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bearer:
            await self._bearer.close()
        await self._http.close()

    @asynccontextmanager
    async def ask(
        self, method: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> AsyncGenerator[aiohttp.ClientResponse]:
        """The answer as soon as its head is there, whatever its status. Leaving the block before its end closes the connection.

        A 401 is asked again once with a new token where there is a source of them. Raises NoAnswer.
        """
        try:
            reply = await self._authorised(method, headers, body)
            try:
                yield reply
            finally:
                reply.release()
        except NoToken as error:
            raise NoAnswer(str(error)) from None
        except aiohttp.ClientConnectorError as error:
            raise NoAnswer(f"{shown(self._url)} cannot be reached: {_reason(error)}.") from None
        except aiohttp.ConnectionTimeoutError:
            raise NoAnswer(f"{shown(self._url)} cannot be reached: nothing within {CONNECT:g} s.") from None
        except (aiohttp.ClientError, OSError):
            raise NoAnswer(BROKE) from None

    async def _authorised(self, method: str, headers: Mapping[str, str], body: bytes | None) -> aiohttp.ClientResponse:
        if self._bearer is None:
            return await self._directed(method, headers, body)
        bearer = await self._bearer.current()
        reply = await self._directed(method, {**headers, "Authorization": f"Bearer {bearer}"}, body)
        if reply.status != 401:
            return reply
        reply.release()
        bearer = await self._bearer.after(bearer)
        return await self._directed(method, {**headers, "Authorization": f"Bearer {bearer}"}, body)

    async def _directed(self, method: str, headers: Mapping[str, str], body: bytes | None) -> aiohttp.ClientResponse:
        """Follows redirects that keep the method, within the origin: credentials go nowhere else."""
        url = self._url
        for _ in range(HOPS):
            # BytesIO is sent in pieces; bytes would stop everything else while a long line is written.
            data = BytesIO(body) if body is not None else None
            reply = await self._http.request(method, url, headers=headers, data=data, allow_redirects=False)
            if (to := redirection(reply)) is None or reply.status not in (307, 308) or to.origin() != url.origin():
                return reply
            reply.release()
            url = to
        raise NoAnswer(f"{shown(self._url)} redirects in circles.")


def redirection(reply: aiohttp.ClientResponse) -> URL | None:
    """Where a 3xx leads to, if it says so."""
    if not 300 <= reply.status < 400 or "Location" not in reply.headers:
        return None
    try:
        to = reply.url.join(URL(reply.headers["Location"]))
    except ValueError:
        return None
    return to if to.scheme in ("http", "https") and to.host else None


def _watched(address: tuple[int, int, int, str, object]) -> socket.socket:
    """A socket on which the system notices within minutes that the other side is gone, however silent a stream is."""
    family, kind, protocol, _, _ = address
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if sys.platform == "linux":  # elsewhere the system's own two hours
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 20)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
    return made


def _reason(error: aiohttp.ClientConnectorError) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "its certificate is not trusted"
    if isinstance(error.os_error, socket.gaierror):
        return f"{error.host} has no address"
    # Not its own text, which differs by event loop and names addresses.
    return os.strerror(error.os_error.errno).lower() if error.os_error.errno else "no connection"
