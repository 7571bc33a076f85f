"""Pod: a small HTTP/1.1 server whose every byte a test decides. Not MCP: a script answers each request as it pleases."""

import asyncio
import socket
import struct
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import cast

from gateway.catalog import Instance


class Exchange:
    """One request as it arrived, and the way to answer it. `gone` is set once the other side has closed."""

    def __init__(self, head: bytes, body: bytes, writer: asyncio.StreamWriter, connection: int) -> None:
        first, *lines = head.decode("latin-1").split("\r\n")[:-2]
        self.method, self.target, _ = first.split(" ")
        self.headers = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
        self.head = head
        self.body = body
        self.connection = connection
        self.gone = asyncio.Event()
        self._writer = writer

    def header(self, name: str) -> str | None:
        """The value of a header that may be there once."""
        values = [value for key, value in self.headers if key == name.lower()]
        assert len(values) <= 1, f"{name}: {values}"
        return values[0] if values else None

    async def send(self, data: bytes) -> None:
        """Writes bytes."""
        self._writer.write(data)
        await self._writer.drain()

    async def answer(self, body: bytes = b"{}", *headers: str, status: int = 200) -> None:
        """Writes a whole reply of known length."""
        lines = [f"HTTP/1.1 {status} X", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
        await self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    async def stream(self, *headers: str) -> None:
        """Writes the head of a stream of events."""
        lines = ["HTTP/1.1 200 OK", "Content-Type: text/event-stream", "Transfer-Encoding: chunked", *headers]
        await self.send("\r\n".join(lines).encode() + b"\r\n\r\n")

    async def chunk(self, data: bytes) -> None:
        """Writes one chunk; an empty one ends the stream."""
        await self.send(b"%x\r\n%b\r\n" % (len(data), data))

    def close(self) -> None:
        """Closes the connection as one does."""
        self._writer.close()

    def reset(self) -> None:
        """Resets the connection: a lingering time of zero makes a RST of the close."""
        end: socket.socket = self._writer.get_extra_info("socket")
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        cast("asyncio.Transport", self._writer.transport).abort()


type Script = Callable[[Exchange], Awaitable[None]]


class Pod:
    """Answers with `script`; `seen` are the requests in their order."""

    def __init__(self, uid: str, script: Script) -> None:
        self.uid = uid
        self.script = script
        self.seen: list[Exchange] = []
        self.connections = 0
        self.port = 0
        self._arrived = asyncio.Condition()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    def instance(self, *, ready: bool = True) -> Instance:
        """Where it is."""
        return Instance(self.uid, "127.0.0.1", self.port, ready)

    async def request(self, count: int = 1) -> Exchange:
        """The request of that number, as soon as it is there."""
        async with asyncio.timeout(5), self._arrived:
            await self._arrived.wait_for(lambda: len(self.seen) >= count)
        return self.seen[count - 1]

    async def start(self) -> None:
        """Listens."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Dies: the port is closed, and every connection with it."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._writers):
            cast("asyncio.Transport", writer.transport).abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        self.connections += 1
        number, first = self.connections, b""
        try:
            while (exchange := await _read(reader, writer, first, number)) is not None:
                async with self._arrived:
                    self.seen.append(exchange)
                    self._arrived.notify_all()
                first = await self._answer(exchange, reader)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _answer(self, exchange: Exchange, reader: asyncio.StreamReader) -> bytes:
        """Runs the script; returns the first byte of the next request, nothing at the end."""

        async def watch() -> bytes:
            try:
                byte = await reader.read(1)
            except ConnectionError:
                byte = b""
            if not byte:
                exchange.gone.set()
            return byte

        watching = asyncio.create_task(watch())
        try:
            await self.script(exchange)
            return await watching
        finally:
            watching.cancel()


@asynccontextmanager
async def pod(script: Script, uid: str = "pod-1") -> AsyncGenerator[Pod]:
    """A running Pod."""
    server = Pod(uid, script)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def ok(exchange: Exchange) -> None:
    """Answers `{}`."""
    await exchange.answer()


async def _read(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, first: bytes, number: int
) -> Exchange | None:
    try:
        head = first + await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    exchange = Exchange(head, b"", writer, number)
    if exchange.header("transfer-encoding") == "chunked":
        while size := int(await reader.readuntil(b"\r\n"), 16):
            exchange.body += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
    elif length := exchange.header("content-length"):
        exchange.body = await reader.readexactly(int(length))
    return exchange
