"""JSON-RPC as the fakes speak it: one message in, results and server-sent events out. No HTTP, no sessions."""

from typing import Any

import msgspec

MODERN = "2026-07-28"
HANDSHAKE = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")

INVALID_REQUEST = -32600
UNKNOWN_METHOD = -32601
INVALID_PARAMS = -32602
HEADER_MISMATCH = -32020

type Json = dict[str, Any]


class Params(msgspec.Struct, rename={"protocol_version": "protocolVersion", "meta": "_meta"}):
    """The members of any `params` that a fake looks at."""

    name: str = ""
    arguments: Json = {}
    protocol_version: str = ""
    notifications: Json = {}
    meta: Json = {}


class Message(msgspec.Struct):
    """A request, a notification (no id) or a response (no method)."""

    method: str = ""
    id: str | int | None = None
    params: Params = msgspec.field(default_factory=Params)
    result: Json | None = None


def read(body: bytes) -> Message:
    """The message in a body. Raises msgspec.DecodeError."""
    return msgspec.json.decode(body, type=Message)


def result(id: str | int | None, value: Json) -> bytes:
    """A response."""
    return msgspec.json.encode({"jsonrpc": "2.0", "id": id, "result": value})


def error(id: str | int | None, code: int, message: str) -> bytes:
    """An error response."""
    return msgspec.json.encode({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}})


def notification(method: str, params: Json) -> bytes:
    """A notification."""
    return msgspec.json.encode({"jsonrpc": "2.0", "method": method, "params": params})


def request(id: str, method: str, params: Json) -> bytes:
    """A request of the server's own."""
    return msgspec.json.encode({"jsonrpc": "2.0", "id": id, "method": method, "params": params})


def event(data: bytes, id: str = "") -> bytes:
    """One server-sent event."""
    head = f"id: {id}\n".encode() if id else b""
    return head + b"event: message\ndata: " + data + b"\n\n"
