"""A gateway that does what a test wants: it keeps agents, in memory, and answers with whatever was queued before that.

Not a model of the product: that one is real in the other tests. Agents are here because their routes come in a later step; their
members and statuses are those of the reference, with ETags as adapters have them.
"""

import uuid
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from gateway.errors import PROBLEM

type Answering = Callable[[web.Request], web.StreamResponse | None]


class MoodyGateway:
    """`async with MoodyGateway() as gateway`; `seen` are method, path and headers of each request."""

    def __init__(self) -> None:
        self.agents: dict[str, dict[str, Any]] = {}
        self.queued: deque[Answering] = deque()
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        app = web.Application(middlewares=[self._first])
        app.router.add_post("/agents", self._create)
        app.router.add_get("/agents/{name}", self._get)
        app.router.add_put("/agents/{name}", self._replace)
        app.router.add_delete("/agents/{name}", self._delete)
        self._server = TestServer(app)

    async def __aenter__(self) -> "MoodyGateway":
        await self._server.start_server()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._server.close()

    @property
    def url(self) -> str:
        """Where it is."""
        return str(self._server.make_url("")).rstrip("/")

    def answers(self, status: int, detail: str = "", **headers: str) -> None:
        """The next request gets this; header names are written with `_` for `-`."""
        self.queued.append(lambda _: problem(status, detail, {k.replace("_", "-"): v for k, v in headers.items()}))

    def hangs_up(self) -> None:
        """The next request gets no answer."""

        def hang_up(request: web.Request) -> None:
            assert request.transport
            request.transport.close()

        self.queued.append(hang_up)

    @web.middleware
    async def _first(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.seen.append((request.method, request.path, dict(request.headers)))
        if self.queued:
            return self.queued.popleft()(request) or web.Response()
        return await handler(request)

    async def _create(self, request: web.Request) -> web.Response:
        body = await request.json()
        if body["name"] in self.agents:
            return problem(409, f"name: `{body['name']}` is taken.")
        return self._written(body, {"id": body["name"], "uid": str(uuid.uuid4()), "createdBy": "dev"}, 201)

    async def _get(self, request: web.Request) -> web.Response:
        agent = self.agents.get(request.match_info["name"])
        return web.json_response(agent) if agent else problem(404, "There is nothing of that name.")

    async def _replace(self, request: web.Request) -> web.Response:
        agent = self.agents.get(request.match_info["name"])
        if agent is None:
            return problem(404, "There is nothing of that name.")
        if request.headers.get("If-Match") not in (None, f'"{agent["etag"]}"'):
            return problem(412, "If-Match names another version than the one stored; read it again.")
        return self._written(await request.json(), {name: agent[name] for name in ("id", "uid", "createdBy")}, 200)

    async def _delete(self, request: web.Request) -> web.Response:
        gone = self.agents.pop(request.match_info["name"], None)
        return web.Response(status=204) if gone else problem(404, "There is nothing of that name.")

    def _written(self, body: dict[str, Any], decided: dict[str, Any], status: int) -> web.Response:
        agent = {**body, **decided, "etag": str(uuid.uuid4())}
        self.agents[body["name"]] = agent
        return web.json_response(agent, status=status)


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> web.Response:
    """As the gateway says no."""
    body = {"type": "about:blank", "title": "No", "status": status, "detail": detail}
    return web.json_response(body, status=status, headers=headers, content_type=PROBLEM)
