"""What the bridge reads of a JSON-RPC message, and the few it writes itself. The bytes that pass stay as they are."""

import enum
from typing import Any

import msgspec
from msgspec import UNSET, Raw, UnsetType

type RequestId = int | str | float

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
INTERNAL_ERROR = -32603
UNSUPPORTED_VERSION = -32022  # MCP 2026-07-28, "Error Codes"


class Kind(enum.Enum):
    REQUEST = enum.auto()
    NOTIFICATION = enum.auto()
    RESPONSE = enum.auto()


class NotAMessage(ValueError):
    """Bytes that are no single JSON-RPC message. `code` is the JSON-RPC error to answer with."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code


class _Meta(msgspec.Struct):
    progress_token: int | str | None = msgspec.field(name="progressToken", default=None)


class _Params(msgspec.Struct):
    meta: _Meta | None = msgspec.field(name="_meta", default=None)
    progress_token: int | str | None = msgspec.field(name="progressToken", default=None)
    request_id: int | str | float | None = msgspec.field(name="requestId", default=None)


class Message(msgspec.Struct):
    """One message, with only those members read that say where it belongs."""

    id: int | str | float | UnsetType | None = UNSET
    method: str | UnsetType = UNSET
    params: Raw | UnsetType = UNSET
    result: Raw | UnsetType = UNSET
    error: Raw | UnsetType = UNSET

    @property
    def kind(self) -> Kind | None:
        """None: neither of the three."""
        if self.method is not UNSET:
            return Kind.NOTIFICATION if self.id is UNSET else (None if self.id is None else Kind.REQUEST)
        return Kind.RESPONSE if self.result is not UNSET or self.error is not UNSET else None

    @property
    def is_error(self) -> bool:
        return self.error is not UNSET

    @property
    def asked_token(self) -> int | str | None:
        """Of a request: the token under which it wants to hear of progress."""
        meta = self._read_params().meta
        return meta.progress_token if meta else None

    @property
    def progress_token(self) -> int | str | None:
        """Of `notifications/progress`: which request progresses."""
        return self._read_params().progress_token

    @property
    def cancelled_id(self) -> RequestId | None:
        """Of `notifications/cancelled`: which request."""
        return self._read_params().request_id

    def _read_params(self) -> _Params:
        if isinstance(self.params, UnsetType):
            return _Params()
        try:
            return msgspec.json.decode(self.params, type=_Params)
        except msgspec.ValidationError:
            # Odd params are the other side's business; here they only mean that nothing can be told from them.
            return _Params()


_decode = msgspec.json.Decoder(Message).decode


def read(body: bytes) -> Message:
    """Raises NotAMessage for anything but one request, notification or response (a batch included)."""
    try:
        message = _decode(body)
    except msgspec.ValidationError as error:
        raise NotAMessage(INVALID_REQUEST, "not a single JSON-RPC message") from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise NotAMessage(PARSE_ERROR, "not JSON") from error
    if message.kind is None:
        raise NotAMessage(INVALID_REQUEST, "neither a request nor a notification nor a response")
    return message


def request_id(request: Message) -> RequestId:
    """The id of a message that is known to be a request."""
    assert isinstance(request.id, int | str | float)
    return request.id


def one_line(body: bytes) -> bytes:
    """The same JSON on one line: a raw CR or LF in JSON can only be white space between tokens."""
    return body.replace(b"\r", b" ").replace(b"\n", b" ").strip()


def error_body(id: RequestId | None, code: int, why: str, data: Any = None) -> bytes:
    error: dict[str, Any] = {"code": code, "message": why}
    if data is not None:
        error["data"] = data
    return msgspec.json.encode({"jsonrpc": "2.0", "id": id, "error": error})
