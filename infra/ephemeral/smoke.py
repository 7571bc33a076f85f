"""smoke: one journey through a gateway, over HTTP, as its users make it: register a server, call its tool, take it away.

Every wait ends on what it waits for, and at the latest when `seconds` are over. Whatever it has registered it deletes.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec
from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

from infra.ephemeral.mcp import Busy, McpError, Session

_PAUSE = 2.0  # seconds between two attempts at something that has no event
_LAST = 30.0  # seconds for taking away what was registered
_SAID = 300  # characters of an answer that are worth a line
_SMALL = {"requests": {"cpu": "25m", "memory": "64Mi"}}
_TIMEOUT = ClientTimeout(total=None, sock_connect=15, sock_read=120)  # seconds

type Token = Callable[[], Awaitable[str]]
type Say = Callable[[str], None]


class SmokeError(Exception):
    """The journey ended early; the message says where, and what was answered."""


class Journey(msgspec.Struct, frozen=True, kw_only=True):
    """`token` gives a bearer token, None where the gateway believes its callers. `image` is `name:tag` of a server with the tool
    `add`. `certificates` is False where the front door's own is self-signed: then whoever answers is believed."""

    url: str
    seconds: float = 900.0
    image: str = "mcp-example:1.0.0"
    token: Token | None = None
    certificates: bool = True
    pause: float = _PAUSE


async def smoke(journey: Journey, say: Say) -> None:
    """Raises SmokeError."""
    name = f"smoke-{secrets.token_hex(4)}"
    patience = _Patience(journey)
    try:
        async with _http(journey) as http:
            await _answers(http, patience, say)
            await _register(http, name, journey.image, say)
            try:
                await _call(http, name, patience, say)
            finally:  # also when it is interrupted
                await asyncio.shield(asyncio.wait_for(_delete(http, name, say), _LAST))
    except (ClientError, OSError) as error:  # TimeoutError is an OSError
        raise SmokeError(f"{journey.url}: {type(error).__name__} {error}") from error


class _Patience:
    """Until the journey's seconds are over."""

    def __init__(self, journey: Journey) -> None:
        self._deadline = time.monotonic() + journey.seconds
        self._journey = journey
        self._said = ""

    async def again(self, what: str, now: str, say: Say) -> None:
        """Says what has changed, and waits a little. Raises SmokeError."""
        if time.monotonic() > self._deadline:
            raise SmokeError(f"{what}: {now}; for {self._journey.seconds:.0f} s.")
        if now != self._said:
            say(f"{what}: {now} …")
            self._said = now
        await asyncio.sleep(self._journey.pause)  # nothing tells


@asynccontextmanager
async def _http(journey: Journey) -> AsyncGenerator[ClientSession]:
    headers: dict[str, str] = {}
    if journey.token is not None:
        headers["Authorization"] = f"Bearer {await journey.token()}"  # it outlives the journey
    async with ClientSession(
        journey.url.rstrip("/") + "/",
        headers=headers,
        timeout=_TIMEOUT,
        connector=TCPConnector(ssl=journey.certificates),
        cookie_jar=DummyCookieJar(),
        trust_env=True,
    ) as http:
        yield http


async def _answers(http: ClientSession, patience: _Patience, say: Say) -> None:
    """A new front door takes minutes to find what is behind it, and its name to be known."""
    for path in ("ping", "ready"):
        while (now := await _status(http, path)) != "200":
            await patience.again(f"GET /{path}", now, say)
        say(f"GET /{path}: 200")


async def _status(http: ClientSession, path: str) -> str:
    try:
        async with http.get(path, allow_redirects=False) as response:
            return str(response.status)
    except (ClientError, OSError) as error:
        return f"{type(error).__name__} {error}"[:_SAID]


async def _register(http: ClientSession, name: str, image: str, say: Say) -> None:
    repository, _, version = image.rpartition(":")
    record = {
        "name": name,
        "imageName": repository,
        "imageVersion": version,
        "description": "smoke",
        "resources": _SMALL,
    }
    async with http.post("adapters", json=record, allow_redirects=False) as response:
        await _expect(response, 201)
    say(f"POST /adapters: {name} is registered")


async def _call(http: ClientSession, name: str, patience: _Patience, say: Say) -> None:
    """A server that still starts is waited for; its image may have to be fetched first."""
    session = Session(http, f"adapters/{name}/mcp")
    while True:
        try:
            server = await session.begin()
            break
        except Busy as error:
            await patience.again("initialize", str(error), say)
        except McpError as error:
            raise SmokeError(f"initialize: {error}") from error
    say(f"initialize: {server}")
    try:
        answer = await session.call("add", {"a": 2, "b": 3})
    except McpError as error:
        raise SmokeError(f"tools/call: {error}") from error
    if answer != "5":
        raise SmokeError(f"tools/call: add(2, 3) is said to be {answer[:_SAID]}")
    say("tools/call: add(2, 3) = 5")


async def _delete(http: ClientSession, name: str, say: Say) -> None:
    async with http.delete(f"adapters/{name}", allow_redirects=False) as response:
        await _expect(response, 204)
    async with http.get(f"adapters/{name}", allow_redirects=False) as response:
        await _expect(response, 404)
    say(f"DELETE /adapters/{name}: gone")


async def _expect(response: ClientResponse, status: int) -> None:
    if response.status != status:
        said = (await response.text())[:_SAID]
        raise SmokeError(f"{response.method} {response.url.path}: {response.status} instead of {status}: {said}")
