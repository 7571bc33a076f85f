"""The plug-in as a process: it says where it listens, hears the engine, and ends with it."""

import asyncio
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc.aio
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2_grpc

from gateway.version import VERSION
from infra.catalog.plugin.engine import Engine
from tests.infra.catalog.launcher import write

_PATIENCE = 30.0  # seconds


class Hearing(engine_pb2_grpc.EngineServicer):
    """An engine that only listens."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[engine_pb2.LogRequest] = asyncio.Queue()

    async def Log(self, request: engine_pb2.LogRequest, context: object) -> Empty:  # pyright: ignore[reportIncompatibleMethodOverride] # noqa: N802 - the protocol's name
        """What a plug-in says."""
        del context
        await self.heard.put(request)
        return Empty()


@asynccontextmanager
async def engine(hearing: Hearing) -> AsyncGenerator[tuple[grpc.aio.Server, str]]:
    """Its server, and where that is."""
    server = grpc.aio.server()
    engine_pb2_grpc.add_EngineServicer_to_server(hearing, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield server, f"127.0.0.1:{port}"
    finally:
        await server.stop(None)


@asynccontextmanager
async def process(folder: Path, address: str) -> AsyncGenerator[tuple[asyncio.subprocess.Process, int]]:
    """The plug-in, and its port."""
    started = await asyncio.create_subprocess_exec(write(folder), address, stdout=asyncio.subprocess.PIPE)
    assert started.stdout
    try:
        async with asyncio.timeout(_PATIENCE):
            port = int(await started.stdout.readline())
        yield started, port
    finally:
        if started.returncode is None:
            started.kill()
        await started.communicate()


async def version(port: int) -> str:
    """What it answers."""
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub: Any = provider_pb2_grpc.ResourceProviderStub(channel)
        return (await stub.GetPluginInfo(Empty())).version


async def test_it_answers_where_it_says_and_ends_with_the_engine(tmp_path: Path) -> None:
    async with engine(Hearing()) as (server, address), process(tmp_path, address) as (started, port):
        assert await version(port) == VERSION
        await server.stop(None)
        async with asyncio.timeout(_PATIENCE):
            assert await started.wait() == 0


async def test_a_signal_ends_it(tmp_path: Path) -> None:
    async with engine(Hearing()) as (_, address), process(tmp_path, address) as (started, port):
        assert await version(port) == VERSION
        started.send_signal(signal.SIGINT)
        async with asyncio.timeout(_PATIENCE):
            assert await started.wait() == 0


async def test_the_engine_hears_warnings_of_a_resource() -> None:
    hearing = Hearing()
    async with engine(hearing) as (_, address):
        link = Engine(address)
        link.warn("It is left alone.", "urn:one")
        await link.close()
        heard = hearing.heard.get_nowait()
        assert (heard.message, heard.urn, heard.severity) == ("It is left alone.", "urn:one", engine_pb2.WARNING)
