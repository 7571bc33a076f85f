"""The tool router on a cluster: `python -m tool_router`. Reads its environment, puts things together, serves until TERM, drains.

Log lines go to standard error, audit lines to standard output.
"""

import asyncio
import logging
from collections.abc import Mapping

import uvloop

from gateway.audit import Audit
from gateway.cluster.api import Api
from gateway.cluster.catalog import ClusterCatalog
from gateway.cluster.process import listening, run, to_stdout
from gateway.seal import KeyRing
from tool_router.app import Router
from tool_router.environment import Environment

_log = logging.getLogger("tool_router")


def main() -> None:
    """Exits 0 after TERM, 1 with one sentence where it cannot start."""
    run("tool_router", serve, uvloop.new_event_loop)


async def serve(variables: Mapping[str, str], ending: asyncio.Event) -> None:
    """Serves until `ending`, and then until nobody is served any more. Raises SettingsError, OSError."""
    told = Environment.read(variables)
    async with Api(told.cluster.server) as api, ClusterCatalog(api, {"tool"}) as catalog:
        router = Router(catalog, KeyRing(told.cluster.seal_keys), told.tools, Audit(to_stdout))
        async with listening(router, told.cluster.host, told.cluster.port, _log):
            await ending.wait()
            router.retire()  # calls and streams go on until nobody is sent here any more
            await asyncio.sleep(told.cluster.unready_seconds)
            await router.drain()


if __name__ == "__main__":
    main()
