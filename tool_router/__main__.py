"""The tool router on a cluster: `python -m tool_router`. Reads its environment, puts things together, serves until TERM, drains.

Log lines go to standard error, audit lines to standard output, and to a collector where one is named.
"""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import AsyncExitStack

import uvloop

from gateway.audit import Audit
from gateway.cluster.api import Api
from gateway.cluster.catalog import ClusterCatalog
from gateway.cluster.process import listening, run, to_stdout
from gateway.seal import KeyRing
from gateway.telemetry.exporting import exporting
from gateway.telemetry.readings import of_catalog
from tool_router.app import Router
from tool_router.environment import Environment

_log = logging.getLogger("tool_router")


def main() -> None:
    """Exits 0 after TERM, 1 with one sentence where it cannot start."""
    run("tool_router", serve, uvloop.new_event_loop)


async def serve(variables: Mapping[str, str], ending: asyncio.Event) -> None:
    """Serves until `ending`, and then until nobody is served any more. Raises SettingsError, OSError."""
    told = Environment.read(variables)
    async with AsyncExitStack() as opened:
        telemetry = opened.enter_context(exporting(variables, "tool-router"))
        audit = Audit(to_stdout, telemetry.export)
        api = await opened.enter_async_context(Api(told.cluster.server))
        catalog = await opened.enter_async_context(ClusterCatalog(api, {"tool"}))
        router = Router(catalog, KeyRing(told.cluster.seal_keys), told.tools, audit, telemetry.tracer("tool_router"))
        telemetry.meter.watch("tool_router", router.readings)
        telemetry.meter.watch("tool_router", lambda: of_catalog(catalog.age))
        async with listening(router, told.cluster.host, told.cluster.port, _log):
            await ending.wait()
            router.retire()  # calls and streams go on until nobody is sent here any more
            await asyncio.sleep(told.cluster.unready_seconds)
            await router.drain()


if __name__ == "__main__":
    main()
