"""Endpoint: a minimal MCP server at `/mcp`, both eras, whatever its tools. Correct; the misbehaving fakes spoil it from outside."""

import asyncio
from collections.abc import Mapping

import msgspec
from aiohttp import web

from tests.fakes import wire
from tests.fakes.diary import Diary
from tests.fakes.sessions import Outbox, Session, Sessions
from tests.fakes.turn import Tool, Turn
from tests.fakes.wire import Json, Message

SESSION = "Mcp-Session-Id"
SERVER = {"name": "recorder", "version": "1.0.0"}
FRESH = {"ttlMs": 0, "cacheScope": "private"}
CAPABILITIES = {"tools": {"listChanged": True}}


class Endpoint:
    """Serves `tools`; remembers sessions, and writes into `diary` when streams open and close."""

    def __init__(self, tools: Mapping[str, Tool]) -> None:
        self.sessions = Sessions()
        self.diary = Diary()
        self.listening: list[Outbox] = []  # open `subscriptions/listen` streams
        self._tools = tools

    def application(self) -> web.Application:
        """The server, not started."""
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_post("/mcp", self._post)
        app.router.add_get("/mcp", self._get, allow_head=False)
        app.router.add_delete("/mcp", self._delete)
        app.on_response_prepare.append(self._echo_session)
        return app

    async def _post(self, request: web.Request) -> web.StreamResponse:
        try:
            message = wire.read(await request.read())
        except msgspec.DecodeError as error:
            return _refusal(400, None, wire.INVALID_REQUEST, str(error))
        if _is_modern(request):
            return await self._modern(request, message)
        if message.method == "initialize":
            return self._initialize(message)
        session = self._session(request)
        if isinstance(session, web.Response):
            return session
        if message.id is None or not message.method:
            session.answer(message)
            return web.Response(status=202)
        return await self._answer(Turn(request, message, session, self.diary))

    async def _modern(self, request: web.Request, message: Message) -> web.StreamResponse:
        if request.headers.get("Mcp-Method") != message.method:
            return _refusal(400, message.id, wire.HEADER_MISMATCH, "Mcp-Method does not match the body")
        if message.id is None:
            return web.Response(status=202)
        turn = Turn(request, message, None, self.diary)
        if message.method == "subscriptions/listen":
            return await self._listen(turn)
        return await self._answer(turn)

    async def _answer(self, turn: Turn) -> web.StreamResponse:
        match turn.message.method:
            case "tools/list":
                return await turn.finish(_complete({"tools": [_definition(name) for name in self._tools], **FRESH}))
            case "tools/call" if tool := self._tools.get(turn.message.params.name):
                return await turn.finish(_complete(await tool(turn)))
            case "tools/call":
                return _refusal(200, turn.message.id, wire.INVALID_PARAMS, "Unknown tool")
            case "server/discover" if turn.session is None:
                found = {"supportedVersions": [wire.MODERN], "capabilities": CAPABILITIES, **FRESH}
                return await turn.finish(_complete(found))
            case "ping" if turn.session is not None:
                return await turn.finish({})
            case _:
                status = 404 if turn.session is None else 200
                return _refusal(status, turn.message.id, wire.UNKNOWN_METHOD, "Method not found")

    def _initialize(self, message: Message) -> web.Response:
        wanted = message.params.protocol_version
        version = wanted if wanted in wire.HANDSHAKE else wire.HANDSHAKE[-1]
        result: Json = {"protocolVersion": version, "capabilities": CAPABILITIES, "serverInfo": SERVER}
        reply = web.Response(body=wire.result(message.id, result), content_type="application/json")
        reply.headers[SESSION] = self.sessions.begin().id
        return reply

    async def _get(self, request: web.Request) -> web.StreamResponse:
        if _is_modern(request):
            return web.Response(status=405, headers={"Allow": "POST"})
        session = self._session(request)
        if isinstance(session, web.Response):
            return session
        return await self._pump(request, session.outbox, {})

    async def _listen(self, turn: Turn) -> web.StreamResponse:
        tag: Json = {"_meta": {"io.modelcontextprotocol/subscriptionId": turn.message.id}}
        heard: Json = {"notifications": turn.message.params.notifications, **tag}
        await turn.notify("notifications/subscriptions/acknowledged", heard)
        outbox: Outbox = asyncio.Queue()
        self.listening.append(outbox)
        try:
            return await self._pump(turn.request, outbox, tag, await turn.stream())
        finally:
            self.listening.remove(outbox)

    async def _pump(
        self, request: web.Request, outbox: Outbox, params: Json, stream: web.StreamResponse | None = None
    ) -> web.StreamResponse:
        key = request.headers.get("X-Journey", "stream")
        if stream is None:
            stream = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
            await stream.prepare(request)
        await self.diary.write(key, "opened")
        sent = int(request.headers.get("Last-Event-ID", "0"))
        try:
            while True:
                sent += 1
                await stream.write(wire.event(wire.notification(await outbox.get(), params), id=str(sent)))
        finally:
            await self.diary.write(key, "closed")

    async def _delete(self, request: web.Request) -> web.Response:
        if _is_modern(request):
            return web.Response(status=405, headers={"Allow": "POST"})
        session = self._session(request)
        if isinstance(session, web.Response):
            return session
        self.sessions.end(session.id)
        return web.Response(status=200)

    def _session(self, request: web.Request) -> Session | web.Response:
        id = request.headers.get(SESSION)
        if id is None:
            return _refusal(400, None, wire.INVALID_REQUEST, "Bad Request: Missing session ID")
        return self.sessions.get(id) or _refusal(404, None, wire.INVALID_REQUEST, "Session not found")

    async def _echo_session(self, request: web.Request, response: web.StreamResponse) -> None:
        # The official SDK's servers repeat the id on every reply of a session; some clients take it from there.
        if (id := request.headers.get(SESSION)) and not _is_modern(request) and response.status < 300:
            response.headers.setdefault(SESSION, id)


def _is_modern(request: web.Request) -> bool:
    return request.headers.get("MCP-Protocol-Version", wire.HANDSHAKE[-1]) not in wire.HANDSHAKE


def _complete(result: Json) -> Json:
    return {"resultType": "complete", "_meta": {"io.modelcontextprotocol/serverInfo": SERVER}, **result}


def _definition(name: str) -> Json:
    return {"name": name, "description": f"The fake tool {name}.", "inputSchema": {"type": "object"}}


def _refusal(status: int, id: str | int | None, code: int, message: str) -> web.Response:
    return web.Response(status=status, body=wire.error(id, code, message), content_type="application/json")
