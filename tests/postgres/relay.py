"""Relay: stands between a client and the server, and loses an answer when told to: the server did what it was asked."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager


class Relay:
    """`port` leads to the server's port. `lost` counts the answers that never arrived."""

    def __init__(self, port: int) -> None:
        self.port = 0
        self.lost = 0
        self._server_port = port
        self._losing: list[bytes] = []
        self._serving: set[asyncio.Task[None]] = set()

    def lose_answer_to(self, statement: str, times: int = 1) -> None:
        """From now on: the connection is cut when the answer to a statement that begins so has come from the server."""
        self._losing = [statement.encode()] * times

    def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Takes one connection."""
        task = asyncio.create_task(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def close(self) -> None:
        """Cuts every connection."""
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
        asked: list[bytes] = []
        ways = [
            asyncio.create_task(self._forth(reader, server_writer, asked)),
            asyncio.create_task(self._back(server_reader, writer, asked)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            for end in (writer, server_writer):
                end.transport.abort()

    async def _forth(self, reader: asyncio.StreamReader, server: asyncio.StreamWriter, asked: list[bytes]) -> None:
        while data := await reader.read(65536):
            if self._losing and self._losing[0] in data:
                asked.append(self._losing.pop(0))
            server.write(data)

    async def _back(self, server: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: list[bytes]) -> None:
        while data := await server.read(65536):
            if asked:
                self.lost += 1
                return
            writer.write(data)


@asynccontextmanager
async def relay(port: int) -> AsyncGenerator[Relay]:
    """A relay to that port of loopback, while the block runs."""
    made = Relay(port)
    listener = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = listener.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        listener.close()
        await made.close()
        await listener.wait_closed()
