"""`mirror`: an HTTP server that says what arrived, byte by byte, and answers whatever head it is told to. Speaks no MCP.

A body of JSON with `lines` becomes the head of the answer; any other request is answered with what arrived. It is an
adapter and a tool alike: it serves every path.
"""

import asyncio
import os

import msgspec


class Told(msgspec.Struct):
    """What a body may ask for. `lines` are header lines, as they shall be sent; texts stand for bytes, as in latin-1."""

    lines: list[tuple[str, str]]
    status: int = 200


class Arrived(msgspec.Struct):
    """A request: its target, and every header line in order, names in lower case."""

    target: str
    lines: list[tuple[str, str]]

    def names(self) -> set[str]:
        """The names of all lines."""
        return {name for name, _ in self.lines}

    def values(self, name: str) -> list[str]:
        """All values of a header."""
        return [value for key, value in self.lines if key == name]


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers until the other side has had enough."""
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            arrived = _arrived(head)
            length = arrived.values("content-length")
            body = await reader.readexactly(int(length[0])) if length else b""
            writer.write(_answer(arrived, body))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass  # it hung up
    finally:
        writer.close()


def _arrived(head: str) -> Arrived:
    first, *lines = head.split("\r\n")[:-2]
    return Arrived(first.split(" ")[1], [(name.lower(), value.strip(" \t")) for name, value in map(_split, lines)])


def _split(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name, value


def _answer(arrived: Arrived, body: bytes) -> bytes:
    try:
        told = msgspec.json.decode(body, type=Told)
    except msgspec.DecodeError:
        told = Told([("Content-Type", "application/json")])
    text = msgspec.json.encode(arrived)
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.lines)
    head = f"HTTP/1.1 {told.status} X\r\n{lines}Content-Length: {len(text)}\r\n\r\n"
    return head.encode("latin-1") + text


async def main() -> None:
    """Serves on 127.0.0.1:$PORT until it is ended."""
    server = await asyncio.start_server(serve, "127.0.0.1", int(os.environ["PORT"]))
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
