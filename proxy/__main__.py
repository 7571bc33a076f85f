"""The proxy on a cluster: `python -m proxy`. Reads its environment, puts things together, serves until TERM, drains.

Log lines go to standard error, audit lines to standard output.
"""

import asyncio
import logging
from collections.abc import Mapping

import uvloop
from aiohttp import ClientSession, DummyCookieJar, TCPConnector

from gateway.audit import Audit
from gateway.azure.sign_in import SignIn, required_sign_in
from gateway.cluster.api import Api
from gateway.cluster.catalog import ClusterCatalog
from gateway.cluster.process import listening, run, to_stdout
from gateway.seal import KeyRing
from gateway.telemetry.exporting import Telemetry, exporting
from gateway.telemetry.readings import of_catalog
from proxy.app import Proxy
from proxy.environment import Environment
from proxy.forward import ControlPlane

_log = logging.getLogger("proxy")


def main() -> None:
    """Exits 0 after TERM, 1 with one sentence where it cannot start."""
    run("proxy", serve, uvloop.new_event_loop)


async def serve(variables: Mapping[str, str], ending: asyncio.Event) -> None:
    """Serves until `ending`, and then until nobody is served any more. Raises SettingsError, OSError."""
    told = Environment.read(variables)
    found = required_sign_in(variables)
    found.warn(_log)
    with exporting(variables, "proxy") as telemetry:  # outermost: it has what the drain still notes
        await _serve(told, found, telemetry, ending)


async def _serve(told: Environment, found: SignIn, telemetry: Telemetry, ending: asyncio.Event) -> None:
    async with (
        Api(told.cluster.server) as api,
        ClusterCatalog(api, {"adapter", "platform"}) as catalog,
        ClientSession(connector=TCPConnector(limit=0), cookie_jar=DummyCookieJar()) as session,
    ):
        seals = KeyRing(told.cluster.seal_keys)
        control_plane = ControlPlane(session, told.control_plane)
        proxy = Proxy(
            catalog,
            found.identify,
            seals,
            told.edge,
            control_plane,
            secret=told.cluster.secrets[0],
            protected=found.protected,
            audit=Audit(to_stdout, telemetry.export),
            tracer=telemetry.tracer("proxy"),
        )
        telemetry.meter.watch("proxy", proxy.readings)
        telemetry.meter.watch("proxy", lambda: of_catalog(catalog.age))
        async with listening(proxy, told.cluster.host, told.cluster.port, _log):
            await ending.wait()
            await _drained(proxy, told.cluster.unready_seconds)


async def _drained(proxy: Proxy, unready: float) -> None:
    """Unready first, and each connection closes with its next answer; idle ones, and the end of the requests under way,
    only when nobody is sent here any more."""
    async with asyncio.TaskGroup() as both:
        both.create_task(proxy.drain())
        await asyncio.sleep(unready)
        await proxy.leave()


if __name__ == "__main__":
    main()
