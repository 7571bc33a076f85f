"""What is read of a JSON-RPC message, and the errors written in the gateway's stead. The bytes that pass stay as they are."""

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import UNSET, Raw, UnsetType

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
INTERNAL_ERROR = -32603

_VERSION = "io.modelcontextprotocol/protocolVersion"  # 2026-07-28, "Per-request protocol fields"


class Malformed(ValueError):
    """Bytes that are no JSON-RPC; `code` is the error to answer with."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code


class Message(msgspec.Struct):
    """A request (method and id), a notification (method) or a response (neither)."""

    id: Raw | UnsetType = UNSET
    method: str | UnsetType = UNSET
    params: Raw | UnsetType = UNSET
    result: Raw | UnsetType = UNSET
    error: Raw | UnsetType = UNSET

    @property
    def is_request(self) -> bool:
        """Something that must be answered."""
        return not isinstance(self.method, UnsetType) and not isinstance(self.id, UnsetType)

    @property
    def is_notification(self) -> bool:
        """Something that is never answered."""
        return not isinstance(self.method, UnsetType) and isinstance(self.id, UnsetType)

    @property
    def is_response(self) -> bool:
        """An answer, to whichever side asked."""
        return isinstance(self.method, UnsetType)

    @property
    def name(self) -> str:
        """The method, or nothing for a response."""
        return "" if isinstance(self.method, UnsetType) else self.method

    @property
    def version(self) -> str:
        """The revision in `params._meta`, where a message of 2026-07-28 and later says it; else nothing."""
        meta = self.param("_meta")
        version = read_object(meta).get(_VERSION) if meta else None
        return text(version) or ""

    def param(self, name: str) -> Raw | None:
        """A member of `params`; None also where there is no object to look into."""
        return None if isinstance(self.params, UnsetType) else read_object(self.params).get(name)


_decode = msgspec.json.Decoder(Message).decode
_decode_batch = msgspec.json.Decoder(list[Message]).decode
_decode_object = msgspec.json.Decoder(dict[str, Raw]).decode


def read(line: bytes) -> list[Message]:
    """The messages of a line: one, or those of a batch (2025-03-26). Raises Malformed."""
    try:
        if not line.isascii():
            line.decode()  # strings that are only passed on are looked at by nobody else
        found = _decode_batch(line) if line.lstrip()[:1] == b"[" else [_decode(line)]
    except msgspec.ValidationError as error:
        raise Malformed(INVALID_REQUEST, "This is not a JSON-RPC message.") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(PARSE_ERROR, "This is not JSON.") from error
    if not found or not all(_is_message(message) for message in found):
        raise Malformed(INVALID_REQUEST, "This is neither a request nor a notification nor a response.")
    return found


def _is_message(message: Message) -> bool:
    if not message.is_response:
        return isinstance(message.id, UnsetType) or bytes(message.id)[:1] in b'"-0123456789'
    return not (isinstance(message.result, UnsetType) and isinstance(message.error, UnsetType))


def read_object(raw: Raw) -> dict[str, Raw]:
    """The members of an object; none for anything else: odd params are the other side's business."""
    try:
        return _decode_object(raw)
    except msgspec.DecodeError:
        return {}


def text(raw: Raw | None) -> str | None:
    """A JSON string; None for anything else."""
    try:
        return None if raw is None else msgspec.json.decode(raw, type=str)
    except msgspec.DecodeError:
        return None


def same(id: Raw) -> bytes:
    """An id in the form in which two can be compared: `1` is not `"1"`, and escapes do not matter."""
    string = text(id)
    return bytes(id) if string is None else msgspec.json.encode(string)


def one_line(data: bytes) -> bytes:
    """The same JSON without line ends: outside of strings they are white space, and inside they are not allowed."""
    return data.replace(b"\r", b" ").replace(b"\n", b" ").strip()


def error_line(id: Raw | None, code: int, why: str) -> bytes:
    """An error response; None is `null`, for what could not be read."""
    body: dict[str, Any] = {"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": why}}
    return msgspec.json.encode(body)


def with_id(line: bytes, id: Raw) -> bytes:
    """The same response under another id; every other member keeps its bytes and its place."""
    return msgspec.json.encode({**_decode_object(line), "id": id})


def names(messages: Iterable[Message]) -> str:
    """What a line is called on standard error."""
    return ", ".join(message.name or "response" for message in messages)
