"""Faulty: stands between the control plane and the API server, and lets one request go wrong."""

import asyncio
import ssl
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal, get_args

import aiohttp
import msgspec
from aiohttp import web

from gateway.cluster.kubeconfig import from_kubeconfig
from gateway.cluster.server import Server

type Fault = Literal["cut before", "cut after", "late", "refused"]
"""Cut before or after the API server has done it; done when nobody waits for the answer any more; answered 500."""

FAULTS: tuple[Fault, ...] = get_args(Fault.__value__)


class Faulty:
    """`url` is where the control plane finds it. Counts requests, also by their methods; the armed one goes wrong."""

    def __init__(self, server: Server, session: aiohttp.ClientSession, late: float) -> None:
        self.url = ""
        self.count = 0
        self.methods: Counter[str] = Counter()
        self._server = server
        self._session = session
        self._late = late
        self._armed: tuple[int, Fault] | None = None
        self._under_way: set[asyncio.Task[bytes]] = set()

    def arm(self, number: int, fault: Fault) -> None:
        """The `number`th request from now goes wrong."""
        self.count = 0
        self._armed = (number, fault)

    def disarm(self) -> None:
        """None goes wrong from now on."""
        self._armed = None

    async def settled(self) -> None:
        """Returns when whatever was let go late has arrived."""
        if self._under_way:
            await asyncio.wait(self._under_way)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Passes a request on, or does not."""
        self.count += 1
        self.methods[request.method] += 1
        fault = self._armed[1] if self._armed and self._armed[0] == self.count else None
        body = await request.read()
        if fault == "refused":
            return web.json_response({"kind": "Status", "code": 500, "message": "etcd has gone fishing"}, status=500)
        if fault == "cut before":
            return _cut(request)
        if fault == "late":
            task = asyncio.create_task(self._passed_late(request.method, request.path_qs, body))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
            await asyncio.sleep(2 * self._late)  # whoever asked has gone by then
            return _cut(request)
        status, answer = await self._passed(request.method, request.path_qs, body)
        if fault == "cut after":
            return _cut(request)
        return web.Response(status=status, body=answer, content_type="application/json")

    async def _passed_late(self, method: str, path: str, body: bytes) -> bytes:
        await asyncio.sleep(self._late)
        return (await self._passed(method, path, body))[1]

    async def _passed(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._server.token()}"}
        async with self._session.request(method, self._server.url + path, data=body, headers=headers) as response:
            return response.status, await response.read()


@asynccontextmanager
async def faulty(kubeconfig: Path, folder: Path, late: float) -> AsyncGenerator[tuple[Faulty, Path]]:
    """Running, with a kubeconfig that leads to it. `late` in seconds: longer than the control plane waits."""
    server = from_kubeconfig(kubeconfig)
    tls: ssl.SSLContext | bool = server.tls or True
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=tls)) as session:
        between = Faulty(server, session, late)
        app = web.Application(client_max_size=16 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", between.answer)
        runner = web.AppRunner(app, handler_cancellation=False)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            between.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            path = folder / "kubeconfig.json"
            path.write_bytes(_leading_to(between.url))
            yield between, path
        finally:
            await runner.cleanup()


def _cut(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _leading_to(url: str) -> bytes:
    return msgspec.json.encode(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "faulty",
            "contexts": [{"name": "faulty", "context": {"cluster": "faulty", "user": "nobody"}}],
            "clusters": [{"name": "faulty", "cluster": {"server": url}}],
            "users": [{"name": "nobody", "user": {}}],
        }
    )
