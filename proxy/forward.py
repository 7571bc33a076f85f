"""ControlPlane: requests that the control plane answers. It verifies its own callers, so credentials go through unchanged.

Trust headers never go through: nothing that a client says of itself may look as if we said it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator

from aiohttp import ClientConnectorError, ClientError, ClientResponse, ClientSession, ClientTimeout
from multidict import CIMultiDict
from yarl import URL

from gateway.errors import BadUpstream, GatewayError, Invalid, Unavailable, UpstreamTimeout
from gateway.logs import request_id
from gateway.telemetry.span import Span, cause
from gateway.trust import HOP_BY_HOP, reaches_the_control_plane
from proxy.body import Body, read
from proxy.limits import check_size
from proxy.request import Request, Sent
from proxy.settings import Settings
from proxy.spans import Spans

CONNECT_SECONDS = 5.0
RETRY_SECONDS = 2
# aiohttp would add these where the client sent none.
_NOT_ADDED = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
_NOT_PASSED = HOP_BY_HOP | {b"set-cookie", b"server"}

log = logging.getLogger(__name__)


class ControlPlane:
    """The control plane at `base`, by way of `session`, which whoever made it closes (and gives a jar without cookies)."""

    def __init__(self, session: ClientSession, base: str) -> None:
        self._session = session
        self._base = base.rstrip("/")
        at = URL(self._base)
        self._host, self._port = at.host or "", at.port or 0

    async def forward(self, request: Request, settings: Settings, spans: Spans | None = None) -> Sent:
        """Asks the control plane and passes its answer on.

        Raises TooLarge, Invalid (the request); Unavailable (it is down), BadUpstream (it broke), UpstreamTimeout.
        """
        if request.span is None or spans is None:
            return await self._forwarded(request, settings, None)
        asked = spans.ask_control_plane(request, request.span, self._host, self._port)
        try:
            return await self._forwarded(request, settings, asked)
        except GatewayError as error:
            asked.error = cause(error)
            raise
        finally:
            spans.answered(asked, request.status)

    async def _forwarded(self, request: Request, settings: Settings, asked: Span | None) -> Sent:
        check_size(request.length or 0, settings.body_limit)
        body = await read(request, settings.body_limit)
        upload = _Upload(body)
        try:
            async with asyncio.timeout(settings.head_seconds):
                response = await self._ask(request, upload, asked)
        except TimeoutError as error:
            raise UpstreamTimeout("The control plane did not answer in time.") from error
        except ClientConnectorError as error:
            raise Unavailable("The control plane is not there.", retry_after=RETRY_SECONDS) from error
        except (ClientError, OSError) as error:
            raise (upload.fault or BadUpstream("The control plane broke off.")) from error
        async with response:
            return await _pass_on(request, response)

    async def _ask(self, request: Request, upload: "_Upload", asked: Span | None) -> ClientResponse:
        headers = _headers(request, upload.body)
        if asked is not None:
            headers["traceparent"] = asked.traceparent
        return await self._session.request(
            request.head.method,
            URL(self._base + request.head.target, encoded=True),
            headers=headers,
            data=upload.data(),
            allow_redirects=False,
            auto_decompress=False,
            skip_auto_headers=_NOT_ADDED,
            timeout=ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
        )


class _Upload:
    """The body on its way; remembers why it ended, for aiohttp wraps that."""

    def __init__(self, body: Body) -> None:
        self.body = body
        self.fault: GatewayError | None = None

    def data(self) -> AsyncIterator[bytes] | bytes | None:
        if self.body.rest is not None:
            return self._pieces(self.body.rest)
        return self.body.data or None

    async def _pieces(self, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        try:
            async for piece in rest:
                yield piece
        except GatewayError as error:
            self.fault = error
            raise


def _headers(request: Request, body: Body) -> CIMultiDict[str]:
    headers: CIMultiDict[str] = CIMultiDict()
    for name, value in request.pairs():
        if reaches_the_control_plane(name.lower()):
            headers.add(name.decode("ascii"), _utf8(name, value))
    headers["X-Request-Id"] = request.id
    if body.rest is not None and request.length is not None:
        headers["Content-Length"] = str(request.length)
    return headers


def _utf8(name: bytes, value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        field = name.decode("ascii")
        raise Invalid(f"{field}: is not UTF-8.", field=field) from None


async def _pass_on(request: Request, response: ClientResponse) -> Sent:
    """Head at once, body as it comes. A body that breaks off breaks off for the client too."""
    measured = response.content_length is not None or response.status in (204, 304)
    if not measured and not request.head.http11:
        request.keep_alive = False
    request.began = True
    request.status = response.status
    request.write(_head(request, response, measured))
    try:
        async for piece in response.content.iter_any():
            request.write(piece if measured or not request.head.http11 else b"%x\r\n%b\r\n" % (len(piece), piece))
            await request.drained()
    except (ClientError, OSError) as error:
        request_id.set(request.id)
        log.warning("cut: %s: %s", request, error)
        return request.cut()
    if not measured and request.head.http11:
        request.write(b"0\r\n\r\n")
    return request.sent()


def _head(request: Request, response: ClientResponse, measured: bool) -> bytes:
    lines = [b"HTTP/1.1 %d %b\r\n" % (response.status, (response.reason or "").encode("latin-1", "replace"))]
    for name, value in response.raw_headers:
        if _passes(name.lower()):
            lines.append(b"%b: %b\r\n" % (name, value))
    if not measured and request.head.http11:
        lines.append(b"Transfer-Encoding: chunked\r\n")
    if not request.keep_alive:
        lines.append(b"Connection: close\r\n")
    elif not request.head.http11:
        lines.append(b"Connection: keep-alive\r\n")
    return b"".join(lines) + request.head.cors + b"\r\n"


def _passes(name: bytes) -> bool:
    """Whether the client is told. What pages may do, only the edge says."""
    return name not in _NOT_PASSED and not name.startswith(b"access-control-")
