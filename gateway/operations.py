"""The table of every public route: what it is called, where it answers, what it takes and gives. Runs nothing.

The control plane registers one function per row of its room, the proxy routes by it, the OpenAPI document is made from it.
A route that is not in it does not exist.
"""

from functools import partial
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from gateway.protected_resource import API, WELL_KNOWN
from gateway.records import Adapter, AdapterSpec, Kind, Name, Tool, ToolSpec
from gateway.status import Status

type Method = Literal["GET", "POST", "PUT", "DELETE"]
# `each`: every process answers for itself (the proxy never forwards it).
type Room = Literal["functions", "proxy", "each"]

JSON = "application/json"
TEXT = "text/plain"
EVENTS = "text/event-stream"
HTML = "text/html"

LOG_CURSOR = "X-Log-Cursor"
PAGE_LIMIT = 1000  # records in one page, at most
LOG_TAIL = 1000  # lines, unless `tail` says otherwise
LOG_TAIL_LIMIT = 10_000
LOG_WAIT_LIMIT = 20  # seconds a long poll may last


class Parameter(msgspec.Struct, frozen=True):
    """A parameter of the path, the query or the head; `type` is one that msgspec can describe."""

    name: str
    where: Literal["path", "query", "header"]
    type: object
    description: str


class Answer(msgspec.Struct, frozen=True):
    """A success, or what always comes in its place.

    `body` is a type msgspec can describe (None: none is promised), `headers` are names explained in `openapi`.
    """

    status: int
    description: str
    body: object = None
    media: tuple[str, ...] = (JSON,)
    headers: tuple[str, ...] = ()


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One route and method. `id` is also the function's name; `errors` are the problem statuses that really occur.

    `open` answers others than the documented statuses too: those of the server that stands behind the gateway.
    """

    id: str
    method: Method
    path: str
    room: Room
    tag: str
    summary: str
    answers: tuple[Answer, ...]
    body: object = None
    parameters: tuple[Parameter, ...] = ()
    errors: tuple[int, ...] = ()
    kind: Kind | None = None
    anonymous: bool = False
    open: bool = False


# What the edge itself may answer before, or instead of, any operation.
_EDGE = (400, 403, 413, 421, 431, 500, 502, 503, 504)
_CALLER = (400, 401, 403, 413, 421, 429, 431, 500, 502, 503, 504)
_ONE = (*_CALLER, 404)
_PROBE = (400, 413, 431, 500)  # answered before Host and Origin are looked at
_METADATA = (400, 404, 413, 421, 431, 500)  # for pages of any origin

_MCP_HEADERS = ("Mcp-Session-Id",)

_NAME = Parameter("name", "path", Name, "The name of the adapter or tool.")
_IF_MATCH = Parameter(
    "If-Match", "header", str, "Only if the stored version has one of these ETags (RFC 9110 §13.1.1); `*`: whichever."
)
_PAGING = (
    Parameter(
        "limit",
        "query",
        Annotated[int, Meta(ge=1, le=PAGE_LIMIT)],
        "At most this many; the next page is in `Link`. Absent: the whole array.",
    ),
    Parameter("after", "query", Name, "Only names above this one: the cursor that `Link` carries."),
)
_LOGS = (
    Parameter("instance", "query", Annotated[int, Meta(ge=0, le=31)], "Which instance, counted from 0 (the default)."),
    Parameter(
        "tail",
        "query",
        Annotated[int, Meta(ge=1, le=LOG_TAIL_LIMIT)],
        f"The last lines, {LOG_TAIL} unless given. Not together with `since`.",
    ),
    Parameter("previous", "query", bool, "`true`: the lines of the process before the last restart."),
    Parameter(
        "since",
        "query",
        Annotated[str, Meta(pattern=r"^[!-~]{1,256}\Z")],
        f"Only lines after this cursor, which an earlier answer gave in `{LOG_CURSOR}`.",
    ),
    Parameter(
        "wait",
        "query",
        Annotated[int, Meta(ge=0, le=LOG_WAIT_LIMIT)],
        "With `since`: seconds to wait for a line where there is none yet.",
    ),
)
_SESSION = (
    Parameter("Mcp-Session-Id", "header", str, "The session, in the eras of MCP that have one."),
    Parameter("session_id", "query", str, "The same, for clients that cannot set the header."),
    Parameter("MCP-Protocol-Version", "header", str, "The revision of MCP that the client speaks."),
)


def _records(kind: Kind) -> tuple[Operation, ...]:
    """The seven verbs of adapters, or of tools."""
    written, stored = (ToolSpec, Tool) if kind == "tool" else (AdapterSpec, Adapter)
    a, many = ("a tool", "tools") if kind == "tool" else ("an adapter", "adapters")
    base, one = f"/{many}", f"/{many}/{{name}}"
    row = partial(Operation, room="functions", tag=many, kind=kind)
    read = Answer(200, "The record.", stored, headers=("ETag",))
    return (
        row(
            id=f"create_{kind}",
            method="POST",
            path=base,
            summary=f"Register {a}",
            body=written,
            answers=(Answer(201, "Registered.", stored, headers=("ETag", "Location")),),
            errors=(*_CALLER, 409, 415),
        ),
        row(
            id=f"list_{many}",
            method="GET",
            path=base,
            summary=f"List the {many} you may read, by name",
            parameters=_PAGING,
            answers=(Answer(200, "The records.", list[stored], headers=("Link",)),),
            errors=_CALLER,
        ),
        row(
            id=f"get_{kind}",
            method="GET",
            path=one,
            summary=f"Read {a}",
            parameters=(_NAME,),
            answers=(read,),
            errors=_ONE,
        ),
        row(
            id=f"replace_{kind}",
            method="PUT",
            path=one,
            summary=f"Replace {a}",
            parameters=(_NAME, _IF_MATCH),
            body=written,
            answers=(read,),
            errors=(*_ONE, 412, 415),
        ),
        row(
            id=f"delete_{kind}",
            method="DELETE",
            path=one,
            summary=f"Delete {a}",
            parameters=(_NAME, _IF_MATCH),
            answers=(Answer(204, "Deleted."),),
            errors=(*_ONE, 412),
        ),
        row(
            id=f"get_{kind}_status",
            method="GET",
            path=f"{one}/status",
            summary="What runs of it now",
            parameters=(_NAME,),
            answers=(Answer(200, "The status.", Status),),
            errors=_ONE,
        ),
        row(
            id=f"get_{kind}_logs",
            method="GET",
            path=f"{one}/logs",
            summary="What one of its instances wrote",
            parameters=(_NAME, *_LOGS),
            answers=(Answer(200, "The lines.", str, (TEXT, JSON), (LOG_CURSOR, "Link")),),
            errors=_ONE,
        ),
    )


def _adapter_mcp() -> tuple[Operation, ...]:
    """MCP's Streamable HTTP transport in front of one adapter."""
    row = partial(Operation, path="/adapters/{name}/mcp", room="proxy", tag="mcp", kind="adapter", open=True)
    return (
        row(
            id="post_adapter_mcp",
            method="POST",
            summary="Send MCP messages to an adapter",
            parameters=(_NAME, *_SESSION),
            body=dict[str, Any],
            answers=(
                Answer(200, "The reply, or a stream that ends with it.", dict[str, Any], (JSON, EVENTS), _MCP_HEADERS),
                Answer(202, "Taken; nothing to reply.", headers=_MCP_HEADERS),
            ),
            errors=_ONE,
        ),
        row(
            id="get_adapter_mcp",
            method="GET",
            summary="Listen to an adapter's messages in a session",
            parameters=(_NAME, *_SESSION),
            answers=(Answer(200, "A stream of messages.", str, (EVENTS,), _MCP_HEADERS),),
            errors=(*_ONE, 405),
        ),
        row(
            id="delete_adapter_mcp",
            method="DELETE",
            summary="End a session",
            parameters=(_NAME, *_SESSION),
            answers=(Answer(200, "Ended."), Answer(202, "Ended."), Answer(204, "Ended.")),
            errors=(*_ONE, 405),
        ),
    )


def _router_mcp() -> tuple[Operation, ...]:
    """The same transport in front of the tool router."""
    row = partial(Operation, path="/mcp", room="proxy", tag="mcp", parameters=_SESSION, open=True)
    return (
        row(
            id="post_mcp",
            method="POST",
            summary="Send MCP messages to the tool router, which has every tool you may call",
            body=dict[str, Any],
            answers=(
                Answer(200, "The reply, or a stream that ends with it.", dict[str, Any], (JSON, EVENTS), _MCP_HEADERS),
                Answer(202, "Taken; nothing to reply."),
            ),
            errors=_ONE,
        ),
        row(
            id="get_mcp",
            method="GET",
            summary="Listen to the tool router's messages in a session",
            answers=(Answer(200, "A stream of messages.", str, (EVENTS,)),),
            errors=(*_ONE, 405),
        ),
        row(
            id="delete_mcp",
            method="DELETE",
            summary="Always refused: a session at the tool router needs no end",
            answers=(Answer(405, "Refused, with a problem or without a body.", headers=("Allow",)),),
            errors=_ONE,
        ),
    )


def _plain(
    id: str,
    path: str,
    room: Room,
    summary: str,
    answer: Answer,
    errors: tuple[int, ...],
    parameters: tuple[Parameter, ...] = (),
) -> Operation:
    """A route that anyone may read."""
    return Operation(
        id=id,
        method="GET",
        path=path,
        room=room,
        tag="gateway",
        summary=summary,
        answers=(answer,),
        parameters=parameters,
        errors=errors,
        anonymous=True,
    )


def _resource_metadata() -> tuple[Operation, ...]:
    """RFC 9728: one document for each thing that tokens are issued for; its path follows the well-known one."""
    of = partial(
        _plain,
        room="proxy",
        answer=Answer(200, "The metadata (RFC 9728 §2).", dict[str, Any], headers=("Cache-Control",)),
        errors=_METADATA,
    )
    return (
        of("get_resource_metadata", WELL_KNOWN, summary="Where to sign in for the gateway"),
        of("get_api_resource_metadata", f"{WELL_KNOWN}{API}", summary="Where to sign in for this API"),
        of("get_mcp_resource_metadata", f"{WELL_KNOWN}/mcp", summary="Where to sign in for the tool router"),
        of(
            "get_adapter_resource_metadata",
            f"{WELL_KNOWN}/adapters/{{name}}/mcp",
            summary="Where to sign in for an adapter, whether or not there is one of that name",
            parameters=(_NAME,),
        ),
    )


OPERATIONS: tuple[Operation, ...] = (
    *_records("adapter"),
    *_records("tool"),
    *_adapter_mcp(),
    *_router_mcp(),
    *_resource_metadata(),
    _plain(
        "get_index", "/", "proxy", "What is here", Answer(200, "A short index.", dict[str, Any], (JSON, HTML)), _EDGE
    ),
    _plain("ping", "/ping", "each", "Alive", Answer(200, "Yes."), _PROBE),
    _plain("ready", "/ready", "each", "Ready to serve", Answer(200, "Yes."), (*_PROBE, 503)),
    _plain(
        "get_openapi",
        "/openapi.json",
        "functions",
        "This document",
        Answer(200, "OpenAPI 3.1.", dict[str, Any]),
        _EDGE,
    ),
)
