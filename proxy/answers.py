"""Answers of our own: problems, the dead session, small documents. What servers answer is `relay`'s and `forward`'s."""

from collections.abc import Mapping
from email.utils import formatdate
from http import HTTPStatus
from typing import Any

import msgspec

from gateway.errors import PROBLEM, GatewayError, NotFound, problem
from proxy.fields import Ambiguous
from proxy.request import Request, Sent

JSON = "application/json"

# What SDK servers say themselves: clients must not be able to tell who said it. They begin a new session.
_NO_SESSION = b'{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"Session not found"}}'
_HEADER_MISMATCH = -32020  # reference/mcp.md §1.3


class SessionNotFound(NotFound):
    """Dead, foreign or forged: nobody learns which."""

    def __init__(self) -> None:
        super().__init__("Session not found.")


def whole(
    request: Request, status: int, body: bytes = b"", media: str = "", headers: Mapping[str, str] | None = None
) -> Sent:
    """Writes a whole answer."""
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", f"Date: {formatdate(usegmt=True)}"]
    if media:
        lines.append(f"Content-Type: {media}")
    lines += [f"{name}: {_line(value)}" for name, value in (headers or {}).items()]
    if status != HTTPStatus.NO_CONTENT:  # which has none (RFC 9110 §8.6)
        lines.append(f"Content-Length: {len(body)}")
    if not request.keep_alive:
        lines.append("Connection: close")
    elif not request.head.http11:
        lines.append("Connection: keep-alive")
    request.began = True
    request.status = status
    request.write(
        "\r\n".join(lines).encode("utf-8", "replace")
        + b"\r\n%b\r\n" % request.head.cors
        + (b"" if request.head.method == "HEAD" else body)
    )
    return request.sent()


def refusal(request: Request, error: GatewayError, *, rpc: bool) -> Sent:
    """Writes an error. `rpc`: the route speaks JSON-RPC, so what is wrong with headers is told in both languages."""
    headers = {**error.headers, "X-Request-Id": request.id}
    if isinstance(error, SessionNotFound):
        return whole(request, error.status, _NO_SESSION, JSON, headers)
    body = problem(error, request.id)
    if isinstance(error, Ambiguous):
        request.keep_alive = False  # whoever stands before us may have read it otherwise, and what comes behind it
        body = _with_rpc(body, error) if rpc else body
    if request.head.fields.once.get(b"expect") and not request.is_whole:
        request.keep_alive = False  # the body was never asked for: whatever comes next cannot be told from it
    return whole(request, error.status, body, PROBLEM, headers)


def _with_rpc(body: bytes, error: GatewayError) -> bytes:
    """The problem with a JSON-RPC error as extension members (RFC 9457 §3.2)."""
    members: dict[str, Any] = msgspec.json.decode(body)
    fault = {"code": _HEADER_MISMATCH, "message": error.detail}
    return msgspec.json.encode({**members, "jsonrpc": "2.0", "id": None, "error": fault})


def _line(value: str) -> str:
    return "".join(c for c in value if c.isprintable())
