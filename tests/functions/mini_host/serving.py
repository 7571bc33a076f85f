"""serving: a deployed folder behind HTTP while a block runs, in the loop of whoever asks; the app is in a process of its own."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from gateway.tasks import beside
from tests.functions.mini_host.host import Host
from tests.functions.mini_host.worker_process import worker_process

HOUR = 3600.0


@asynccontextmanager
async def serving(
    wwwroot: Path,
    variables: Mapping[str, str],
    folder: Path,
    *,
    listen: str = "127.0.0.1",
    port: int = 0,
    every: float = HOUR,
    tls: ssl.SSLContext | None = None,
) -> AsyncGenerator[str]:
    """The URL. Timers go `every` so many seconds; the app has `variables` and no others; `folder` takes what it writes.

    Raises Failed with what the platform would show where it cannot be indexed, OSError.
    """
    async with worker_process(wwwroot, variables, folder) as worker, beside(worker.listen(), "worker"):
        host = Host(worker, wwwroot)
        server = host.server()
        async with beside(host.every(every), "timers"):
            listener = await asyncio.get_running_loop().create_server(server, listen, port, ssl=tls)
            try:
                yield f"{'https' if tls else 'http'}://{listen}:{listener.sockets[0].getsockname()[1]}"
            finally:
                listener.close()
                await server.shutdown(2)
