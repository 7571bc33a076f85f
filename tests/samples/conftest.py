"""Starts samples for a test, and afterwards sees to it that each ended cleanly and left no trace of an error."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from tests.samples.process import Running, alive, descendants, until

type Start = Callable[..., Awaitable[Running]]
type StartBridge = Callable[..., Awaitable[Running]]

STDIO_SERVER = Path(__file__).with_name("stdio_server.py")


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """`await start("samples.mcp_example", NAME="value")`: a running sample."""
    running: list[Running] = []

    async def one(module: str, **environ: str) -> Running:
        running.append(Running(module, tmp_path / f"{len(running)}.log", environ))
        await running[-1].ready()
        return running[-1]

    yield one
    for sample in running:
        await ends_cleanly(sample)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def example(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """One `mcp_example` for all tests that only call it."""
    running = Running("samples.mcp_example", tmp_path_factory.mktemp("example") / "log", {})
    await running.ready()
    yield running
    await ends_cleanly(running)


async def ends_cleanly(sample: Running) -> None:
    family = [] if sample.ended else descendants(sample.pid)
    await sample.end()
    await until(lambda: not any(map(alive, family)), "the end of everything it started")
    log = sample.log.read_text()
    assert "Traceback" not in log, log
    assert "Warning" not in log, log


@pytest.fixture
def bridge(start: Start) -> StartBridge:
    """`await bridge(NAME="value")`: the bridge around our small stdio server."""

    async def one(**environ: str) -> Running:
        command = {"MCP_COMMAND": sys.executable, "MCP_ARGS": f"-I -S {STDIO_SERVER}"}
        return await start("samples.mcp_bridge", **(command | environ))

    return one


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    timeout = aiohttp.ClientTimeout(total=20)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as session:
        yield session
