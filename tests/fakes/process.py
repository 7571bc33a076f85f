"""A fake as a process of one test, asked directly: with no gateway in front. What runs behind a gateway is `images`."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from tests.fakes.images import MODULES, ROOT

START = 20.0  # seconds; the SDK alone takes one to import, more where many start at once


@asynccontextmanager
async def running(name: str) -> AsyncGenerator[str]:
    """The URL of a fake's MCP endpoint, once it listens; the process is gone afterwards. Raises TimeoutError."""
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port: int = reserved.getsockname()[1]
    environment = {**os.environ, "PORT": str(port)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", MODULES[name], cwd=ROOT, env=environment, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(START):
            while not await _listens(port):
                await asyncio.sleep(0.02)  # nobody tells when a port opens
        yield f"http://localhost:{port}/mcp"
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True
