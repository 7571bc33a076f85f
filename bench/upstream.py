"""The upstream behind every proxy: a raw protocol that answers whole MCP requests as fast as Python can. Not an HTTP server.

`initialize` opens a session; a POST with a session it opened is answered with a small tool result and the session's id again; an unknown
session is 404, so that a proxy which forwards the wrong id is found out; a GET is an event stream that stays silent.
"""

import asyncio
import functools
import re
import uuid
from typing import cast

from bench.child import HOST, serve

RESULT = b'{"jsonrpc":"2.0","id":2,"result":{"content":[{"type":"text","text":"5"}],"isError":false}}'
INTERNAL = "X-Upstream-Internal"  # no allow-list lets this one through
_OPENED = (
    b'{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},'
    b'"serverInfo":{"name":"bench","version":"1"}}}'
)
_COMMON = b"date: Thu, 01 Jan 2026 00:00:00 GMT\r\nserver: bench\r\n" + INTERNAL.lower().encode() + b": 1\r\n"
_UNKNOWN = b"HTTP/1.1 404 Not Found\r\n" + _COMMON + b"content-length: 0\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_SESSION = re.compile(rb"\r\nmcp-session-id: *([!-~]+)\r\n", re.IGNORECASE)


class Upstream(asyncio.Protocol):
    """One connection. One request at a time, with a Content-Length: what the proxies here send."""

    def __init__(self, sessions: set[bytes]) -> None:
        self._sessions = sessions
        self._received = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one without saying so

    def data_received(self, data: bytes) -> None:
        """Answers once the request is whole; head and body may come apart."""
        received = self._received + data if self._received else data
        end = received.find(b"\r\n\r\n") + 4
        if end >= 4:
            head = received[: end - 2]
            length = _LENGTH.search(head)
            if len(received) >= end + (int(length[1]) if length else 0):
                self._received = b""
                self._transport.write(self._answer(head))
                return
        self._received = received

    def _answer(self, head: bytes) -> bytes:
        session = _SESSION.search(head)
        if session is None:
            opened = uuid.uuid4().hex.encode()
            self._sessions.add(opened)
            return _reply(opened, _OPENED)
        if session[1] not in self._sessions:
            return _UNKNOWN
        return _stream(session[1]) if head.startswith(b"GET ") else _reply(session[1], RESULT)


@functools.lru_cache(maxsize=64)  # the bench asks for the same few thousands of times a second
def _reply(session: bytes, body: bytes) -> bytes:
    return (
        b"HTTP/1.1 200 OK\r\n%bcontent-type: application/json\r\ncontent-length: %d\r\nmcp-session-id: %b\r\n\r\n%b"
        % (_COMMON, len(body), session, body)
    )


def _stream(session: bytes) -> bytes:
    return (
        b"HTTP/1.1 200 OK\r\n%bcontent-type: text/event-stream\r\ncache-control: no-cache, no-transform\r\n"
        b"transfer-encoding: chunked\r\nmcp-session-id: %b\r\n\r\n" % (_COMMON, session)
    )


async def start(port: int) -> asyncio.Server:
    """Listens on `port` of HOST."""
    sessions: set[bytes] = set()
    return await asyncio.get_running_loop().create_server(lambda: Upstream(sessions), HOST, port, backlog=4096)


if __name__ == "__main__":
    serve(start)
