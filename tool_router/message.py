"""Message: one JSON-RPC message as it came, looked into no deeper than routing needs. Values stay raw until somebody wants them."""

import msgspec
from msgspec import UNSET, Raw, UnsetType, field

from tool_router.faults import INVALID_PARAMS, INVALID_REQUEST, PARSE_ERROR, Fault

_NS = "io.modelcontextprotocol/"
_STRING_OR_NUMBER = b'"-0123456789'


class Meta(msgspec.Struct, gc=False):
    """`params._meta` (MCP 2026-07-28, basic "Per-request protocol fields")."""

    version: Raw | UnsetType = field(default=UNSET, name=f"{_NS}protocolVersion")
    capabilities: Raw | UnsetType = field(default=UNSET, name=f"{_NS}clientCapabilities")
    traceparent: Raw | UnsetType = UNSET
    tracestate: Raw | UnsetType = UNSET


class Params(msgspec.Struct, rename="camel", gc=False):
    """Whatever a method of ours may ask for."""

    meta: Raw | UnsetType = field(default=UNSET, name="_meta")
    name: Raw | UnsetType = UNSET
    uri: Raw | UnsetType = UNSET
    arguments: Raw | UnsetType = UNSET
    cursor: Raw | UnsetType = UNSET
    request_id: Raw | UnsetType = UNSET
    protocol_version: Raw | UnsetType = UNSET
    notifications: Raw | UnsetType = UNSET


class Message(msgspec.Struct, gc=False):
    """A request (`id` and `method`), a notification (`method` alone), or an answer of the client's (neither is ours to ask)."""

    jsonrpc: str = ""
    id: Raw | UnsetType = UNSET
    method: str | UnsetType = UNSET
    params: Raw | UnsetType = UNSET
    result: Raw | UnsetType = UNSET
    error: Raw | UnsetType = UNSET

    @property
    def is_request(self) -> bool:
        """Whether an answer is due."""
        return self.method is not UNSET and self.id is not UNSET

    @property
    def is_notification(self) -> bool:
        """Whether no answer is due."""
        return self.method is not UNSET and self.id is UNSET

    @property
    def is_answer(self) -> bool:
        """Whether it answers a request of a server's."""
        return self.method is UNSET and (self.result is not UNSET or self.error is not UNSET)


_message = msgspec.json.Decoder(Message)
_messages = msgspec.json.Decoder(list[Message])
_params = msgspec.json.Decoder(Params)
_meta = msgspec.json.Decoder(Meta)


def read(body: bytes) -> Message:
    """The message of a body. Raises Fault: not JSON, or not one message of JSON-RPC 2.0."""
    try:
        body.decode()  # what is kept raw is not looked into below
        message = _message.decode(body)
    except msgspec.ValidationError:
        raise Fault(INVALID_REQUEST, "The body must be one JSON-RPC 2.0 message.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Fault(PARSE_ERROR, "The body is not JSON.") from None
    return _checked(message)


def read_batch(body: bytes, most: int) -> list[Message]:
    """The messages of an array (MCP 2025-03-26 only). Raises Fault, also where there are none or more than `most`."""
    try:
        body.decode()
        messages = _messages.decode(body)
    except msgspec.ValidationError:
        raise Fault(INVALID_REQUEST, "Each entry must be one JSON-RPC 2.0 message.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Fault(PARSE_ERROR, "The body is not JSON.") from None
    if not 0 < len(messages) <= most:
        raise Fault(INVALID_REQUEST, f"A batch has 1 to {most} messages.")
    return [_checked(message) for message in messages]


def params(message: Message) -> Params:
    """What a message is about. Raises Fault."""
    if message.params is UNSET:
        return Params()
    try:
        return _params.decode(message.params)
    except msgspec.DecodeError:
        raise Fault(INVALID_PARAMS, "params: expected an object.") from None


def meta(params: Params) -> Meta | None:
    """`params._meta`; None where it is missing or no object."""
    if params.meta is UNSET:
        return None
    try:
        return _meta.decode(params.meta)
    except msgspec.DecodeError:
        return None


def text(value: Raw | UnsetType, name: str) -> str:
    """A string of params. Raises Fault naming it."""
    found = value_of(value)
    if not isinstance(found, str):
        raise Fault(INVALID_PARAMS, f"params.{name}: expected a string.")
    return found


def value_of(value: Raw | UnsetType) -> object:
    """Any JSON value; None where it is missing or cannot be held."""
    if value is UNSET:
        return None
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, RecursionError):
        return None


def _checked(message: Message) -> Message:
    if message.jsonrpc != "2.0":
        raise Fault(INVALID_REQUEST, 'jsonrpc: expected "2.0".')
    if message.id is not UNSET and bytes(message.id)[:1] not in _STRING_OR_NUMBER:
        raise Fault(INVALID_REQUEST, "id: expected a string or a number.")
    if message.method is UNSET and not message.is_answer:
        raise Fault(INVALID_REQUEST, "method: expected a string.")
    return message
