"""LocalGateway: the whole gateway in one process, put together. Each thing is made of those above it, and closed in reverse.

Locally the control plane is the same Functions app as in Azure, on a unix socket that nobody else can reach.
"""

import asyncio
import errno
import logging
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import TracebackType

import msgspec
from aiohttp import ClientSession, DummyCookieJar, UnixConnector

from functions.app import build
from functions.host import Host
from functions.reconcile import Reconcile
from gateway.audit import Audit
from gateway.card import ROUTER, card_of_router
from gateway.catalog import Instance
from gateway.records import Adapter, Record, Tool
from gateway.seal import KeyRing
from gateway.tasks import beside
from gateway.telemetry.exporting import exporting
from gateway.view import View
from local.audit_file import audit_file
from local.deployer import LocalDeployer
from local.home import Home
from local.images import images
from local.key_file import key_file
from local.lock import held
from local.ports import Ports
from local.private_folder import private_folder
from local.settings import Settings
from local.sqlite import Database, SqliteStore
from local.supervisor import Supervisor
from proxy.app import Proxy
from proxy.forward import ControlPlane
from tool_router.app import Router

RECONCILE = 30.0  # seconds between rounds
_SEAL_BYTES, _TRUST_BYTES = 16, 32  # AES-128; twice what is hopeless to guess
_LOOPBACK = "127.0.0.1"

_log = logging.getLogger(__name__)


class CannotListen(Exception):
    """The address cannot be listened on."""


class LocalGateway:
    """`async with LocalGateway(settings) as gateway:` it serves, at `gateway.url`, while the block runs.

    Opening raises HomeError, ImagesError or CannotListen, and leaves nothing behind then.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.port = settings.port
        self.orphans = 0
        self.images: list[str] = []
        self._hurry = asyncio.Event()
        self._supervisor: Supervisor | None = None
        self._opened = AsyncExitStack()

    @property
    def url(self) -> str:
        """Where it is, for people and clients on this machine."""
        host = self.settings.host
        name = "localhost" if host in ("127.0.0.1", "0.0.0.0", "::") else f"[{host}]" if ":" in host else host
        return f"http://{name}:{self.port}"

    async def __aenter__(self) -> "LocalGateway":
        async with AsyncExitStack() as opening:
            await self._open(opening)
            self._opened = opening.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._opened.__aexit__(kind, error, trace)

    def hasten(self) -> None:
        """Whoever stops it has no more patience: no draining, no asking."""
        self._hurry.set()
        if self._supervisor:
            self._supervisor.hasten()

    async def _open(self, opening: AsyncExitStack) -> None:
        settings = self.settings
        home = Home.prepared(settings.home)
        opening.enter_context(held(home.lock))
        telemetry = opening.enter_context(
            exporting(settings.telemetry)
        )  # closed last: it has what the drain still notes
        seals = KeyRing([key_file(home.seal_key, _SEAL_BYTES)])
        secret = key_file(home.trust_secret, _TRUST_BYTES).hex()
        table = images(settings.images)
        self.images = sorted(table.table)

        view = View()
        supervisor = self._supervisor = Supervisor(home, view, Ports())
        self.orphans = await supervisor.end_orphans()
        opening.push_async_callback(supervisor.close)
        deployer = LocalDeployer(supervisor, view, table, home)

        database = await Database.opened(home.database)
        opening.push_async_callback(database.close)
        decode = msgspec.json.Decoder(Adapter | Tool).decode
        store = SqliteStore[Record](database, "CatalogContainer", decode)

        # One trail, for all that is one process here.
        audit = Audit(opening.enter_context(audit_file(home.audit)), telemetry.export)
        identify, protected = settings.sign_in.identify, settings.sign_in.protected
        app = build(
            store, deployer, identify, settings.control_plane, protected=protected, audit=audit, telemetry=telemetry
        )
        host = Host(app, body_limit=settings.edge.body_limit)
        session = await opening.enter_async_context(_served(host, home.runtime))
        told, tracer = settings.router(secret), telemetry.tracer("tool_router")
        routers = [Router(view, seals, told, audit, tracer) for _ in range(settings.routers)]
        view.put_card(card_of_router())
        view.put_instances("platform", ROUTER, [await _started(router, opening) for router in routers])
        control_plane = ControlPlane(session, "http://control-plane")
        proxy = Proxy(
            view,
            identify,
            seals,
            settings.edge,
            control_plane,
            secret=secret,
            protected=protected,
            audit=audit,
            tracer=telemetry.tracer("proxy"),
        )
        self.port = await self._listen(proxy)
        opening.push_async_callback(proxy.stop)
        opening.push_async_callback(self._drain, proxy, routers)

        reconcile = Reconcile(store, deployer)
        for scope, of in (("proxy", proxy), ("functions", reconcile), *(("tool_router", router) for router in routers)):
            telemetry.meter.watch(scope, of.readings)
        await reconcile.once()
        view.synced = True
        await opening.enter_async_context(beside(_rounds(reconcile), "reconcile"))

    async def _listen(self, proxy: Proxy) -> int:
        host, port = self.settings.host, self.settings.port
        try:
            return await proxy.start(host, port)
        except OSError as error:
            raise CannotListen(f"Cannot listen on port {port} of {host}: {_cause(error)}.") from error

    async def _drain(self, proxy: Proxy, routers: list[Router]) -> None:
        draining = asyncio.ensure_future(asyncio.gather(proxy.drain(), *(router.drain() for router in routers)))
        hurry = asyncio.create_task(self._hurry.wait())
        await asyncio.wait((draining, hurry), return_when=asyncio.FIRST_COMPLETED)
        for task in (draining, hurry):
            task.cancel()
        await asyncio.wait((draining, hurry))


async def _started(router: Router, opening: AsyncExitStack) -> Instance:
    """A router that listens on a port of its own, as an instance. Without the secret nobody gets an answer there."""
    port = await router.start(_LOOPBACK, 0)
    opening.push_async_callback(router.stop)
    return Instance(f"{ROUTER}-{port}", _LOOPBACK, port)


@asynccontextmanager
async def _served(host: Host, runtime: Path) -> AsyncGenerator[ClientSession]:
    """A client of the control plane, which answers on a unix socket for this user alone."""
    with private_folder(runtime) as folder:
        path = str(folder / "control-plane")
        await host.start_unix(path)
        try:
            connector = UnixConnector(path, limit=0)
            async with ClientSession(connector=connector, cookie_jar=DummyCookieJar()) as session:
                yield session
        finally:
            await host.stop()


async def _rounds(reconcile: Reconcile) -> None:
    """Reconcile, every RECONCILE seconds."""
    while True:
        await asyncio.sleep(RECONCILE)
        try:
            _log.info("reconciled: %s", await reconcile.once())
        except Exception:  # noqa: BLE001 - logged; the next round may find the disk writable again
            _log.exception("could not reconcile")


def _cause(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "it is in use; choose another with --port"
    return error.strerror or str(error)
