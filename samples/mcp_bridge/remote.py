"""`/mcp` over a remote streamable HTTP server: a transparent relay, for every revision, with no state of its own.

Bodies and event streams pass as bytes. Of the headers those that belong to MCP and HTTP content do; who called
(`X-Mcp-UserId`, `Authorization`, cookies) stays on this side.
"""

from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from samples.mcp_bridge.message import INTERNAL_ERROR
from samples.mcp_bridge.origin import same_machine
from samples.mcp_bridge.reachable import connecting
from samples.mcp_bridge.replies import refusal
from samples.mcp_bridge.settings import Settings

REQUEST_HEADERS = frozenset(
    ("accept", "content-type", "last-event-id", "user-agent", "traceparent", "tracestate", "baggage")
)
RESPONSE_HEADERS = frozenset(
    ("content-type", "content-encoding", "content-length", "cache-control", "allow", "retry-after", "x-accel-buffering")
)
CONNECT = 10.0  # seconds; how long an answer takes is between client and server
# Below what servers keep idle connections for (often 5 s), so that none is chosen that is just being closed.
KEEP_ALIVE = 3.0


def application(settings: Settings) -> web.Application:
    assert settings.url
    remote = Remote(URL(settings.url, encoded=True))
    app = web.Application(client_max_size=settings.limits.message, middlewares=[same_machine])
    app.cleanup_ctx.append(remote.open)
    app.router.add_route("*", "/mcp", remote.handle)
    return app


class Remote:
    def __init__(self, url: URL) -> None:
        self._url = url
        self._client: aiohttp.ClientSession | None = None

    async def open(self, _: web.Application) -> AsyncIterator[None]:
        """The connections, for as long as the application runs."""
        async with aiohttp.ClientSession(
            # No limit: every open event stream holds a connection.
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE, socket_factory=connecting),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=("User-Agent", "Content-Type", "Accept-Encoding"),
            trust_env=True,  # HTTP(S)_PROXY and NO_PROXY
        ) as self._client:
            yield

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.method not in ("POST", "GET", "DELETE"):
            return refusal(405, "Method Not Allowed", headers={"Allow": "GET, POST, DELETE"})
        assert self._client
        body = await request.read()
        try:
            async with self._client.request(
                request.method,
                self._url,
                headers=passing(request.headers, REQUEST_HEADERS),
                data=body or None,
                allow_redirects=False,
            ) as answer:
                return unfit(answer) or await relay(request, answer)
        except aiohttp.ClientError as error:
            return unreachable(f"the remote MCP server did not answer: {error}")


async def relay(request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
    """Sends the head at once and every chunk as it comes. Leaving the caller's context closes the other side."""
    response = web.StreamResponse(status=answer.status, headers=passing(answer.headers, RESPONSE_HEADERS))
    await response.prepare(request)
    try:
        async for chunk in answer.content.iter_any():
            await response.write(chunk)
    except aiohttp.ClientError:
        # It broke off in the middle; so do we: a clean end would say that this was all.
        if request.transport:
            request.transport.abort()
    except ConnectionError:
        pass  # our client hung up while we wrote
    return response


def passing(headers: CIMultiDictProxy[str], names: frozenset[str]) -> CIMultiDict[str]:
    """The named headers and MCP's own, each as often as it was there."""
    return CIMultiDict((n, v) for n, v in headers.items() if n.lower() in names or is_mcp(n))


def is_mcp(name: str) -> bool:
    return name.lower().startswith("mcp-")


def unfit(answer: aiohttp.ClientResponse) -> web.Response | None:
    """What a client here could only misread: a redirect to, or a demand for credentials of, somebody it does not know."""
    if answer.status in (401, 407):
        return unreachable(f"the remote MCP server asks for credentials ({answer.status}); this bridge sends none")
    if 300 <= answer.status < 400:
        return unreachable(
            f"the remote MCP server redirects to {answer.headers.get('Location')}: set MCP_PROXY_URL to it"
        )
    return None


def unreachable(why: str) -> web.Response:
    return refusal(502, why, code=INTERNAL_ERROR)
