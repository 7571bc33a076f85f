"""Requests whose end is a matter of opinion: refused, and nothing that stands behind them on the connection is ever served."""

import socket

import pytest

from tests.attacks.ground import Ground
from tests.journeys.caller import TEAM

SMUGGLED = b"GET /ping HTTP/1.1\r\nHost: localhost\r\nX-Smuggled: yes\r\n\r\n"
_CHUNKED = b"0\r\n\r\n"

ODD: dict[str, tuple[bytes, bytes]] = {
    "length and chunks": (b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", _CHUNKED),
    "chunks and length": (b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", _CHUNKED),
    "two lengths": (b"Content-Length: 2\r\nContent-Length: 40\r\n", b"{}"),
    "the same length twice": (b"Content-Length: 2\r\nContent-Length: 2\r\n", b"{}"),
    "a list of lengths": (b"Content-Length: 2, 2\r\n", b"{}"),
    "a length with a sign": (b"Content-Length: +2\r\n", b"{}"),
    "a negative length": (b"Content-Length: -2\r\n", b"{}"),
    "a length in hex": (b"Content-Length: 0x2\r\n", b"{}"),
    "a length with a blank": (b"Content-Length: 2 2\r\n", b"{}"),
    "a length beyond numbers": (b"Content-Length: " + b"9" * 30 + b"\r\n", b"{}"),
    "a coding nobody knows": (b"Transfer-Encoding: xchunked\r\n", _CHUNKED),
    "chunks twice": (b"Transfer-Encoding: chunked, chunked\r\n", _CHUNKED),
    "two codings": (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", _CHUNKED),
    "chunks, not last": (b"Transfer-Encoding: chunked, gzip\r\n", _CHUNKED),
    "no coding": (b"Transfer-Encoding: identity\r\n", b""),
    "a coding with a tab": (b"Transfer-Encoding:\tchunked\x0b\r\n", _CHUNKED),
    "a blank before the colon": (b"Content-Length : 2\r\n", b"{}"),
    "a coding with a blank before the colon": (b"Content-Length: 5\r\nTransfer-Encoding : chunked\r\n", _CHUNKED),
    "a folded line": (b"X-A: b\r\n Content-Length: 40\r\n", b""),
    "a bare CR": (b"X-A: b\rContent-Length: 40\r\n", b""),
    "a NUL": (b"X-A: b\0c\r\n", b""),
    "a line without a colon": (b"Content-Length 40\r\n", b""),
    "a line without a name": (b": 40\r\n", b""),
    "a name with a blank": (b"Content Length: 40\r\n", b""),
    "a chunk size in words": (b"Transfer-Encoding: chunked\r\n", b"two\r\n{}\r\n" + _CHUNKED),
    "a chunk size with a sign": (b"Transfer-Encoding: chunked\r\n", b"+2\r\n{}\r\n" + _CHUNKED),
    "a chunk size in hex": (b"Transfer-Encoding: chunked\r\n", b"0x2\r\n{}\r\n" + _CHUNKED),
    "a negative chunk size": (b"Transfer-Encoding: chunked\r\n", b"-2\r\n{}\r\n" + _CHUNKED),
    "a chunk size beyond numbers": (b"Transfer-Encoding: chunked\r\n", b"f" * 30 + b"\r\n{}\r\n" + _CHUNKED),
    "a chunk longer than it says": (b"Transfer-Encoding: chunked\r\n", b"2\r\n{}{}\r\n" + _CHUNKED),
    "a chunk size and a bare LF": (b"Transfer-Encoding: chunked\r\n", b"2\n{}\r\n" + _CHUNKED),
}


@pytest.mark.parametrize(("lines", "body"), ODD.values(), ids=ODD)
@pytest.mark.parametrize("path", ["/mcp", "/adapters/{mirror}/mcp", "/adapters"])
def test_a_request_without_a_clear_end_is_refused_and_the_connection_with_it(
    ground: Ground, mirror: str, path: str, lines: bytes, body: bytes
) -> None:
    name, token = ground.bearer("ada", [TEAM])
    head = (
        f"POST {path.format(mirror=mirror)} HTTP/1.1\r\nHost: localhost:{ground.port}\r\n{name}: {token}\r\n".encode()
    )
    said = _said(ground.port, head + lines + b"\r\n" + body + SMUGGLED)
    assert said.count(b"HTTP/1.1 ") == 1, said
    assert said.startswith(b"HTTP/1.1 4"), said


@pytest.mark.parametrize("version", ["HTTP/2.0", "HTTP/0.9", "HTTP/1.2", "HTTP/11", "HTTPS/1.1", "http/1.1", ""])
def test_another_version_is_refused(ground: Ground, version: str) -> None:
    said = _said(ground.port, f"POST /mcp {version}\r\nHost: localhost\r\n\r\n".encode() + SMUGGLED)
    assert said.count(b"HTTP/1.1 ") == 1, said
    assert said.startswith(b"HTTP/1.1 4"), said


def test_an_upgrade_is_not_taken(ground: Ground, mirror: str) -> None:
    for protocol in ("h2c", "websocket", "TLS/1.0"):
        lines = f"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: {protocol}\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"
        name, token = ground.bearer("ada", [TEAM])
        head = f"GET /adapters/{mirror} HTTP/1.1\r\nHost: localhost:{ground.port}\r\n{name}: {token}\r\n"
        said = _said(ground.port, (head + lines + "\r\n").encode())
        assert not said.startswith(b"HTTP/1.1 101")


def _said(port: int, raw: bytes) -> bytes:
    """All that is said to these bytes, until the other side closes, or after the client did."""
    with socket.create_connection(("127.0.0.1", port), 10) as line:
        line.sendall(raw)
        line.shutdown(socket.SHUT_WR)
        said = b""
        try:
            while data := line.recv(65_536):
                said += data
        except ConnectionResetError:
            pass  # it had enough
        return said
