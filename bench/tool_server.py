"""The HTTP tool behind the tool router and the SDK's server: one reply to whatever is POSTed, as fast as Python can. No HTTP server.

What is POSTed to `bench.tools.SLOW_PATH` is never answered. Usage: `python -m bench.tool_server PORT`.
"""

import asyncio
import re
from typing import cast

from bench.child import HOST, serve
from bench.tools import SLOW_PATH

REPLY = (
    b'{"orders":[{"id":"A-10021","status":"open","total":129.5,"placed":"2026-01-07","items":3},'
    b'{"id":"A-10044","status":"shipped","total":18.0,"placed":"2026-01-11","items":1}],"next":null,"count":2}'
)
_ANSWER = (
    b"HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nServer: bench\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(REPLY), REPLY)
)
_NEVER = b"POST %b " % SLOW_PATH.encode()
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


class Tool(asyncio.Protocol):
    """One connection. One request at a time, with a Content-Length: what both servers send."""

    def __init__(self) -> None:
        self._received = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one without saying so

    def data_received(self, data: bytes) -> None:
        """Answers once the request is whole; head and body may come apart."""
        received = self._received + data if self._received else data
        end = received.find(b"\r\n\r\n") + 4
        length = _LENGTH.search(received, 0, end) if end >= 4 else None
        if length is None or len(received) < end + int(length[1]):
            self._received = received
            return
        self._received = b""
        if not received.startswith(_NEVER):
            self._transport.write(_ANSWER)


async def start(port: int) -> asyncio.Server:
    """Listens on `port` of HOST."""
    return await asyncio.get_running_loop().create_server(Tool, HOST, port, backlog=4096)


if __name__ == "__main__":
    serve(start)
