"""The control plane as a container: `python -m functions`. Reads its environment, puts things together, serves until TERM."""

import asyncio
import logging
from collections.abc import Mapping

import uvloop

from functions.composition import opened
from functions.container import Container, ContainerSettings
from gateway.cluster.process import run

_PARTS = "functions.on_kubernetes:on_kubernetes"


def main() -> None:
    """Exits 0 after TERM, 1 with one sentence where it cannot start."""
    run("functions", serve, uvloop.new_event_loop)


async def serve(variables: Mapping[str, str], ending: asyncio.Event) -> None:
    """Serves until `ending`, and then until nobody is served any more. Raises SettingsError, OSError."""
    logging.getLogger("psycopg.pool").setLevel(logging.WARNING)  # it tells of every connection lent
    settings = ContainerSettings.from_env(variables)
    async with opened(variables, _PARTS) as parts:
        await Container(parts, settings).serve(ending)


if __name__ == "__main__":
    main()
