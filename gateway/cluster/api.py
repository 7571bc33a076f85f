"""Api: two questions to a Kubernetes API server: a page of a list, and a watch. Follows nothing, decodes no object.

https://kubernetes.io/docs/reference/using-api/api-concepts/ says what they mean.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from types import TracebackType
from typing import Self

import msgspec
from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

from gateway.cluster.lines import Lines
from gateway.cluster.server import Server

CONNECT_SECONDS = 5.0
PAGE_SECONDS = 30.0  # without a byte of it
LINE = 16 * 1024 * 1024  # bytes; the largest object that etcd takes has 1.5 MiB, and JSON may double it
_SAID = 300  # characters of what it says that are worth a log line


class ApiError(Exception):
    """It could not be asked, broke off, or refused. `status` is 0 where it did not say; `retry_after` (seconds) what it asks for."""

    def __init__(self, message: str, *, status: int = 0, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


class Expired(ApiError):
    """410: what was asked for lies too far back; only a new list tells what is there."""


class Status(msgspec.Struct):
    """What the API server says of an error."""

    code: int = 0
    message: str = ""
    reason: str = ""


class Api:
    """`async with Api(server) as api:` one session, closed with the block."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._opened: ClientSession | None = None

    async def __aenter__(self) -> Self:
        # aiohttp keeps connections for 15 s; a watch has one of its own for as long as it lives.
        connector = TCPConnector(limit=0, ssl=self._server.tls or True)
        self._opened = ClientSession(connector=connector, cookie_jar=DummyCookieJar())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._opened is not None:
            await self._opened.close()

    async def page(self, path: str, query: Mapping[str, str]) -> bytes:
        """The body of an answer. Raises ApiError, Expired."""
        async with self._answer(path, query, PAGE_SECONDS) as response:
            with _told():
                return await response.read()

    @asynccontextmanager
    async def watch(self, path: str, query: Mapping[str, str]) -> AsyncGenerator[AsyncIterator[list[bytes]]]:
        """The lines of an answer that goes on, as many at once as there are; the iterator ends where the answer ends in order.

        How long to wait, for the first and for each next, is the caller's to say. Raises ApiError, Expired; the iterator
        ApiError where it breaks off.
        """
        async with self._answer(path, query, None) as response:
            yield _lines(response)

    @asynccontextmanager
    async def _answer(
        self, path: str, query: Mapping[str, str], read_seconds: float | None
    ) -> AsyncGenerator[ClientResponse]:
        assert self._opened is not None, "an Api is open while its block runs"
        with _told():
            response = await self._opened.get(
                self._server.url + path,
                params=query,
                headers=self._headers(),
                timeout=ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=read_seconds),
                server_hostname=self._server.tls_name or None,
                allow_redirects=False,  # whoever sends us elsewhere would get the token
            )
        async with response:
            if response.status != 200:
                with _told():
                    raise await _refusal(response)
            yield response

    def _headers(self) -> dict[str, str]:
        # Compressing costs the API server and us more than the way between us.
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if token := self._server.token():
            headers["Authorization"] = f"Bearer {token}"
        return headers


async def _lines(response: ClientResponse) -> AsyncIterator[list[bytes]]:
    lines = Lines(LINE)
    with _told():
        async for chunk in response.content.iter_any():
            if whole := lines.feed(chunk):
                yield whole


@contextmanager
def _told() -> Generator[None]:
    """Whatever can go wrong on the way, as the one error callers know."""
    try:
        yield
    except (ClientError, OSError, UnicodeError) as error:  # TimeoutError is an OSError; the token may be unreadable too
        raise ApiError(f"{type(error).__name__}: {error}") from error
    except ValueError as error:
        raise ApiError(str(error)) from error


async def _refusal(response: ClientResponse) -> ApiError:
    body = await response.content.read(64 * 1024)
    try:
        said = msgspec.json.decode(body, type=Status).message
    except (msgspec.DecodeError, UnicodeDecodeError):
        said = body.decode("utf-8", "replace")
    after = response.headers.get("Retry-After", "")
    kind = Expired if response.status == 410 else ApiError
    return kind(
        f"{response.status} {said[:_SAID]}",
        status=response.status,
        retry_after=float(after) if after.isascii() and after.isdigit() else 0.0,
    )
