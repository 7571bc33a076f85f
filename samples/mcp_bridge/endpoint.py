"""`/mcp` over a stdio server: streamable HTTP of the handshake revisions (2024-11-05 to 2025-11-25).

A stdio server has one client for its life, so a session is a child, and a request needs a session. 2026-07-28 has
none: its requests are refused with the revisions that are served, upon which a client that knows both initialises.
Sources: specification 2025-11-25, "Transports"; 2026-07-28, "Versioning".
"""

from collections.abc import Callable

from aiohttp import web

from samples.mcp_bridge import message as rpc
from samples.mcp_bridge.message import Kind, Message
from samples.mcp_bridge.origin import same_machine
from samples.mcp_bridge.replies import SESSION_ID, event_stream, json, refusal
from samples.mcp_bridge.session import NotStarted, Session
from samples.mcp_bridge.sessions import Full, Sessions
from samples.mcp_bridge.settings import Settings
from samples.mcp_bridge.switchboard import InFlight

HANDSHAKE_VERSIONS = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]


def application(settings: Settings) -> web.Application:
    """Its children end with its shutdown."""
    sessions = Sessions(settings.command, settings.limits)
    endpoint = Endpoint(sessions)
    app = web.Application(client_max_size=settings.limits.message, middlewares=[same_machine])
    app.router.add_route("*", "/mcp", endpoint.handle)

    async def shut_down(_: web.Application) -> None:
        await sessions.close()

    app.on_shutdown.append(shut_down)
    return app


class Endpoint:
    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def handle(self, request: web.Request) -> web.StreamResponse:
        modern = request.headers.get("MCP-Protocol-Version", HANDSHAKE_VERSIONS[0]) not in HANDSHAKE_VERSIONS
        match request.method:
            case "POST" if modern:
                return await refuse_version(request)
            case "POST":
                return await self._post(request)
            case "GET" if not modern:
                return await self._get(request)
            case "DELETE" if not modern:
                return await self._delete(request)
            case _:
                allowed = "POST" if modern else "GET, POST, DELETE"
                return refusal(405, "Method Not Allowed", headers={"Allow": allowed})

    async def _post(self, request: web.Request) -> web.StreamResponse:
        if request.content_type != "application/json":
            return refusal(415, "Content-Type must be application/json")
        if not accepts(request, "application/json", "text/event-stream"):
            return refusal(406, "Accept must name application/json and text/event-stream")
        body = await request.read()
        try:
            message = rpc.read(body)
        except rpc.NotAMessage as error:
            return refusal(400, str(error), code=error.code)
        line = rpc.one_line(body)
        if SESSION_ID not in request.headers:
            return await self._begin(message, line)
        if not (session := self._session(request)):
            return not_found()
        with session.in_use():
            return await pass_on(request, session, message, line)

    async def _begin(self, message: Message, line: bytes) -> web.Response:
        if message.method != "initialize" or message.kind is not Kind.REQUEST:
            return refusal(400, f"{SESSION_ID} is missing")
        id = rpc.request_id(message)
        try:
            session, answer = await self._sessions.begin(message, line)
        except Full:
            headers = {"Retry-After": "30"}
            return refusal(503, "Too many open sessions", code=rpc.INTERNAL_ERROR, id=id, headers=headers)
        except NotStarted as error:
            return refusal(502, str(error), code=rpc.INTERNAL_ERROR, id=id)
        return json(answer, headers=None if session.is_over else {SESSION_ID: session.id})

    async def _get(self, request: web.Request) -> web.StreamResponse:
        if not accepts(request, "text/event-stream"):
            return refusal(406, "Accept must name text/event-stream")
        if SESSION_ID not in request.headers:
            return refusal(400, f"{SESSION_ID} is missing")
        if not (session := self._session(request)):
            return not_found()
        with session.in_use():
            return await event_stream(request, session.listen(hang_up(request)), session.id)

    async def _delete(self, request: web.Request) -> web.Response:
        if SESSION_ID not in request.headers:
            return refusal(400, f"{SESSION_ID} is missing")
        if not (session := self._session(request)):
            return not_found()
        session.end()
        await session.ended()
        return web.Response()

    def _session(self, request: web.Request) -> Session | None:
        return self._sessions.get(request.headers[SESSION_ID])


async def pass_on(request: web.Request, session: Session, message: Message, line: bytes) -> web.StreamResponse:
    """A request is answered on a stream; anything else is accepted without a body."""
    if message.kind is Kind.REQUEST:
        try:
            stream = await session.call(message, line, hang_up(request))
        except InFlight as error:
            return refusal(400, str(error), id=rpc.request_id(message))
        return await event_stream(request, stream, session.id)
    if message.method == "notifications/cancelled":
        await session.cancel(message, line)
    else:
        await session.tell(line)
    return web.Response(status=202, headers={SESSION_ID: session.id})


async def refuse_version(request: web.Request) -> web.Response:
    """400 with -32022 and the revisions that are served (2026-07-28, "Protocol Version Negotiation")."""
    id = None
    try:
        if (message := rpc.read(await request.read())).kind is Kind.REQUEST:
            id = rpc.request_id(message)
    except rpc.NotAMessage:
        pass  # whatever it is, it is of a revision that is not served
    data = {"supported": HANDSHAKE_VERSIONS, "requested": request.headers["MCP-Protocol-Version"]}
    return refusal(400, "Unsupported protocol version", code=rpc.UNSUPPORTED_VERSION, id=id, data=data)


def accepts(request: web.Request, *types: str) -> bool:
    named = {part.split(";")[0].strip().lower() for part in request.headers.get("Accept", "").split(",")}
    return all(named & {type, type.split("/")[0] + "/*", "*/*"} for type in types)


def not_found() -> web.Response:
    """What makes a client initialise again."""
    return refusal(404, "Session not found")


def hang_up(request: web.Request) -> Callable[[], None]:
    """Cuts the connection of a client that no longer reads what it is sent."""

    def cut() -> None:
        if request.transport:
            request.transport.abort()

    return cut
