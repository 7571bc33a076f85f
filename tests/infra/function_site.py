"""A Functions app's two sites, as far as publishing asks of them: one that takes zips, and the app, which answers once it has one."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.test_utils import TestServer

from infra.publish import Site


class FunctionSite:
    """`refuses` are answers to the first attempts; `statuses` are told one after the other, the last one again and again.

    `ping`: what the app answers to the first questions, before 200.
    """

    def __init__(
        self, *, refuses: tuple[int, ...] = (), statuses: tuple[int, ...] = (1, 4), ping: tuple[int, ...] = (503,)
    ) -> None:
        self._refuses, self._statuses, self._ping = list(refuses), list(statuses), list(ping)
        self.taken: list[tuple[dict[str, str], str, bytes]] = []
        self.as_object = False

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[Site]:
        app = web.Application()
        app.router.add_post("/api/publish", self._publish)
        app.router.add_get("/api/deployments/{id}", self._deployment)
        app.router.add_get("/ping", self._answer)
        async with TestServer(app) as server:
            url = str(server.make_url("/")).rstrip("/")
            yield Site(url, url)

    async def _publish(self, request: web.Request) -> web.Response:
        if self._refuses:
            return web.Response(status=self._refuses.pop(0), text="not now")
        assert request.headers["Authorization"] == "Bearer of https://management.azure.com/.default"
        self.taken.append((dict(request.query), request.content_type, await request.read()))
        return web.json_response({"id": "d-1"} if self.as_object else "d-1", status=202)

    async def _deployment(self, request: web.Request) -> web.Response:
        assert request.match_info["id"] == "d-1"
        status = self._statuses.pop(0) if len(self._statuses) > 1 else self._statuses[0]
        return web.json_response({"id": "d-1", "status": status, "status_text": "host.json is missing"})

    async def _answer(self, request: web.Request) -> web.Response:
        return web.Response(status=self._ping.pop(0) if self._ping else 200)


async def token_for(scope: str) -> str:
    """Says for what it is."""
    return f"of {scope}"
