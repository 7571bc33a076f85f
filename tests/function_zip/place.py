"""Place: a whole gateway whose control plane is a deployed folder behind the mini host. Azure and its cluster are fakes, the rest is real.

clients → proxy → the folder, served through the platform's worker library → Cosmos DB and the API server (fakes, by TLS)
             ↘ router → processes of this machine, which the API server's objects ask for (`machine`)
"""

import asyncio
import secrets
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec
from aiohttp import ClientSession, DummyCookieJar, TCPConnector

from gateway.audit import Audit
from gateway.card import ROUTER, card_of_router
from gateway.catalog import Instance
from gateway.seal import KeyRing
from gateway.tasks import beside
from gateway.view import View
from local.home import Home
from local.images import images
from local.ports import Ports
from local.settings import Settings
from local.supervisor import Supervisor
from proxy.app import Proxy
from proxy.forward import ControlPlane
from tests.azure.cloud import Cloud
from tests.fakes.images import write
from tests.fakes.ports import free_port
from tests.function_zip.machine import Machine
from tests.functions.azure_place import cluster_of, environment
from tests.functions.mini_host.serving import serving
from tests.journeys.gateway import SETTINGS
from tool_router.app import Router

_ROUND = 2.0  # seconds between rounds of the timer: what cannot start is found out by it
_LOOPBACK = "127.0.0.1"


class Place(msgspec.Struct, frozen=True):
    """`url` is the proxy's, `control_plane` the mini host's own. `folder` has the control plane's output."""

    url: str
    control_plane: str
    folder: Path


@asynccontextmanager
async def place(wwwroot: Path, cloud: Cloud, folder: Path) -> AsyncGenerator[Place]:
    """All of it, while the block runs."""
    port = free_port()
    origin = f"http://localhost:{port}"
    told = Settings.read(
        {**SETTINGS, **cloud.provider.environment(origin)},
        home=folder / "home",
        host=_LOOPBACK,
        port=port,
        images=write(folder / "images.toml"),
    )
    view = View(synced=True)
    async with AsyncExitStack() as opening:
        server = await opening.enter_async_context(cluster_of(cloud))
        supervisor = Supervisor(Home.prepared(told.home), view, Ports())
        opening.push_async_callback(supervisor.close)
        machine = server.pods = Machine(server.objects, supervisor, view, images(told.images).table)
        await opening.enter_async_context(beside(machine.keep(), "machine"))
        variables = environment(cloud, server.url, origin)
        served = serving(wwwroot, variables, folder, every=_ROUND)
        control_plane = await opening.enter_async_context(served)
        await opening.enter_async_context(_data_plane(told, view, control_plane))
        yield Place(origin, control_plane, folder)


@asynccontextmanager
async def _data_plane(told: Settings, view: View, control_plane: str) -> AsyncGenerator[None]:
    """A proxy and a router, as processes of ours have them."""
    secret, seals, audit = secrets.token_hex(32), KeyRing([secrets.token_bytes(16)]), Audit(lambda _: None)
    router = Router(view, seals, told.router(secret), audit)
    listening = Instance(ROUTER, _LOOPBACK, await router.start(_LOOPBACK, 0))
    view.put_card(card_of_router())
    view.put_instances("platform", ROUTER, [listening])
    async with ClientSession(connector=TCPConnector(limit=0), cookie_jar=DummyCookieJar()) as session:
        proxy = Proxy(
            view,
            told.sign_in.identify,
            seals,
            told.edge,
            ControlPlane(session, control_plane),
            secret=secret,
            protected=told.sign_in.protected,
            audit=audit,
        )
        await proxy.start(told.host, told.port)
        try:
            yield
        finally:
            await asyncio.gather(proxy.stop(), router.stop())
