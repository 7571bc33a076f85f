"""The near side: a client that speaks lines, in front of a bridge in the same process, or in front of the command itself."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from local.connect.bridge import Bridge
from local.connect.carrier import Carrier
from local.connect.endpoint import Endpoint
from local.connect.options import Options
from tests.fakes.wire import MODERN
from tests.local.waiting import PATIENCE, holds

type Json = dict[str, Any]

PROGRAM = Path(sys.executable).with_name("mcp-gateway")
META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientInfo": {"name": "near", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}


def request(id: int | str, method: str, params: Json | None = None) -> Json:
    """A request of the handshake era."""
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": params or {}}


def modern(id: int | str, method: str, params: Json | None = None) -> Json:
    """A request of 2026-07-28."""
    return request(id, method, {**(params or {}), "_meta": META})


def notification(method: str, params: Json | None = None) -> Json:
    """A notification."""
    return {"jsonrpc": "2.0", "method": method, "params": params or {}}


def initialize(id: int | str = 0, version: str = "2025-06-18") -> Json:
    """The first request of the handshake era."""
    client = {"name": "near", "version": "1"}
    return request(id, "initialize", {"protocolVersion": version, "capabilities": {}, "clientInfo": client})


INITIALIZED = notification("notifications/initialized")


def cancelled(id: int | str) -> Json:
    """The wish that a request be no longer answered."""
    return notification("notifications/cancelled", {"requestId": id})


class Near:
    """Sends lines and receives lines; `said` is what a person would read on standard error."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.lines: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.received: asyncio.Queue[bytes] = asyncio.Queue()

    def send(self, message: Json | bytes) -> None:
        """A message, or a line as it is."""
        self.lines.put_nowait(message if isinstance(message, bytes) else msgspec.json.encode(message))

    async def line(self) -> bytes:
        """The next line that comes. Raises TimeoutError."""
        return await asyncio.wait_for(self.received.get(), PATIENCE)

    async def receive(self) -> Json:
        """The next message that comes."""
        return msgspec.json.decode(await self.line())

    async def ask(self, message: Json | bytes) -> Json:
        """A message, and the next that comes."""
        self.send(message)
        return await self.receive()

    async def begin(self) -> Json:
        """The handshake."""
        opened = await self.ask(initialize())
        self.send(INITIALIZED)
        return opened

    async def says(self, part: str) -> None:
        """Waits until it is said."""
        await holds(lambda: any(part in line for line in self.said))

    async def input(self) -> AsyncIterator[bytes]:
        """What the bridge reads."""
        while (line := await self.lines.get()) is not None:
            yield line


@asynccontextmanager
async def bridged(
    url: str, *, headers: Sequence[str] = (), token_command: str | None = None, azure: str | None = None
) -> AsyncGenerator[Near]:
    """A bridge to `url` in this process."""
    near = Near()
    async with Endpoint(Options.read(url, headers, token_command, azure)) as endpoint:
        bridge = Bridge(Carrier(endpoint, near.received.put, near.said.append), near.received.put)
        running = asyncio.create_task(bridge.run(near.input()))
        try:
            yield near
        finally:
            near.lines.put_nowait(None)
            await running
            await bridge.drop()
            await bridge.close()


class Process(Near):
    """`mcp-gateway connect …` as a client starts it: with pipes for standard input, output and error."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        super().__init__()
        self.process = process
        assert process.stdin
        assert process.stdout
        assert process.stderr
        self.stdin, self.stdout, self.stderr = process.stdin, process.stdout, process.stderr
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._hear())]

    def send(self, message: Json | bytes) -> None:
        self.stdin.write((message if isinstance(message, bytes) else msgspec.json.encode(message)) + b"\n")

    async def ended(self) -> int:
        """Its exit code, waited for, with all output read."""
        code = await asyncio.wait_for(self.process.wait(), PATIENCE)
        await asyncio.wait_for(asyncio.gather(*self._tasks), PATIENCE)
        return code

    async def _read(self) -> None:
        while line := await self.stdout.readline():
            self.received.put_nowait(line.removesuffix(b"\n"))

    async def _hear(self) -> None:
        while line := await self.stderr.readline():
            self.said.append(line.decode().removesuffix("\n"))


@asynccontextmanager
async def connected(url: str, *arguments: str, **variables: str) -> AsyncGenerator[Process]:
    """The command in front of `url`, with further variables in its environment; killed at the end if it still runs."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        "connect",
        url,
        *arguments,
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        limit=80 * 2**20,
        env={**os.environ, **variables},
    )
    near = Process(process)
    try:
        yield near
    finally:
        if process.returncode is None:
            process.kill()
        near.stdin.close()
        await near.ended()
