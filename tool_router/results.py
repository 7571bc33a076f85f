"""Results: what goes into `result`, as bytes: raw JSON is put in as it is, never read into objects and written again."""

import msgspec

from gateway.tool_reply import Outcome
from gateway.version import VERSION

MODERN = "2026-07-28"
HANDSHAKE = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
STRUCTURED_SINCE = "2025-06-18"
LIST_TTL = 5_000  # ms: how long a client that hears no notices may believe its list
DISCOVER_TTL = 300_000

_SERVER = msgspec.json.encode({"name": "mcp-gateway", "version": VERSION})
_CAPABILITIES = b'{"tools":{"listChanged":true}}'
# What every result of the later revision has (basic "Result envelope").
_ENVELOPE = b'"resultType":"complete","_meta":{"io.modelcontextprotocol/serverInfo":%b}' % _SERVER
EMPTY = b"{}"


def answer(id: bytes, result: bytes) -> bytes:
    """A JSON-RPC response."""
    return b'{"jsonrpc":"2.0","id":%b,"result":%b}' % (id, result)


def initialized(revision: str) -> bytes:
    """The result of `initialize`."""
    return b'{"protocolVersion":"%b","capabilities":%b,"serverInfo":%b}' % (revision.encode(), _CAPABILITIES, _SERVER)


def discovered() -> bytes:
    """The result of `server/discover`: the same for everybody. Revisions of the handshake are found by shaking hands."""
    return b'{"supportedVersions":["%b"],"capabilities":%b,"ttlMs":%d,"cacheScope":"public",%b}' % (
        MODERN.encode(),
        _CAPABILITIES,
        DISCOVER_TTL,
        _ENVELOPE,
    )


def tools(page: bytes, cursor: str | None, *, modern: bool) -> bytes:
    """The result of `tools/list`: a page of definitions, joined by commas."""
    more = b',"nextCursor":"%b"' % cursor.encode() if cursor else b""
    rest = b',"ttlMs":%d,"cacheScope":"private",%b' % (LIST_TTL, _ENVELOPE) if modern else b""
    return b'{"tools":[%b]%b%b}' % (page, more, rest)


def called(outcome: Outcome, revision: str) -> bytes:
    """The result of `tools/call`."""
    text = msgspec.json.encode(outcome.text)
    structured = b""
    if outcome.structured is not None and revision >= STRUCTURED_SINCE:
        structured = b',"structuredContent":%b' % outcome.structured
    return b'{"content":[{"type":"text","text":%b}]%b%b%b}' % (
        text,
        structured,
        b',"isError":true' if outcome.is_error else b"",
        b"," + _ENVELOPE if revision == MODERN else b"",
    )


def ended(subscription: bytes) -> bytes:
    """The result of `subscriptions/listen`, once we end it."""
    return b'{"resultType":"complete","_meta":{"io.modelcontextprotocol/subscriptionId":%b}}' % subscription


def notification(method: str, params: bytes | None = None) -> bytes:
    """A JSON-RPC notification."""
    return b'{"jsonrpc":"2.0","method":"%b"%b}' % (method.encode(), b',"params":%b' % params if params else b"")
