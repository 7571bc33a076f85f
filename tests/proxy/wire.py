"""Raw HTTP/1.1 from a client's side: every byte visible, every wait bounded."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, cast

SECONDS = 10.0

type Headers = list[tuple[str, str]]


class Reply:
    """A reply. `clean`: its framing ended as promised."""

    def __init__(self, status: int, headers: Headers) -> None:
        self.status = status
        self.headers = headers
        self.body = b""
        self.clean = False

    def header(self, name: str) -> str | None:
        """The value of a header that may be there once."""
        values = [value for key, value in self.headers if key == name.lower()]
        assert len(values) <= 1, f"{name}: {values}"
        return values[0] if values else None

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Connection:
    """A client's connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        """Writes bytes."""
        async with asyncio.timeout(SECONDS):
            self.writer.write(data)
            await self.writer.drain()

    async def head(self) -> Reply:
        """Reads a head, interim ones (1xx) included."""
        async with asyncio.timeout(SECONDS):
            first, *lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[:-2]
        headers = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
        return Reply(int(first.split(" ")[1]), headers)

    async def chunk(self) -> bytes:
        """Reads one chunk, empty at the end."""
        async with asyncio.timeout(SECONDS):
            size = int(await self.reader.readuntil(b"\r\n"), 16)
            return (await self.reader.readexactly(size + 2))[:-2]

    async def reply(self, method: str = "POST") -> Reply:
        """Reads a whole reply, however it ends."""
        reply = await self.head()
        try:
            async with asyncio.timeout(SECONDS):
                await self._body(reply, method)
        except (asyncio.IncompleteReadError, ConnectionError):
            reply.clean = False
        return reply

    async def ended(self) -> bool:
        """Whether the other side closes without another byte."""
        try:
            async with asyncio.timeout(SECONDS):
                return not await self.reader.read(1)
        except ConnectionError:
            return True

    def reset(self) -> None:
        """Hangs up at once."""
        cast("asyncio.Transport", self.writer.transport).abort()

    async def _body(self, reply: Reply, method: str) -> None:
        if method == "HEAD" or reply.status in (204, 304):
            reply.clean = True
        elif reply.header("transfer-encoding") == "chunked":
            while piece := await self.chunk():
                reply.body += piece
            reply.clean = True
        elif (length := reply.header("content-length")) is not None:
            while len(reply.body) < int(length) and (piece := await self.reader.read(65_536)):
                reply.body += piece
            reply.clean = len(reply.body) == int(length)
        else:
            reply.body = await self.reader.read()
            reply.clean = True


@asynccontextmanager
async def connect(port: int) -> AsyncGenerator[Connection]:
    """A connection to a port of this machine."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
    try:
        yield Connection(reader, writer)
    finally:
        writer.close()


def request(method: str, path: str, headers: Headers, body: bytes | None = None) -> bytes:
    """A request of known length."""
    if body is not None:
        headers = [*headers, ("Content-Length", str(len(body)))]
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b"")
