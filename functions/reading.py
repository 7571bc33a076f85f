"""Reading requests: the body as a spec, the query as pages and log lines. Every refusal names the part that is wrong."""

import re
from collections.abc import Mapping

import msgspec

from functions.deployer import LogQuery
from functions.request import Request
from gateway.definition import settled
from gateway.errors import Invalid, NotFound, TooLarge, UnsupportedMedia
from gateway.operations import JSON, LOG_TAIL, LOG_TAIL_LIMIT, LOG_WAIT_LIMIT, PAGE_LIMIT, TEXT
from gateway.records import NAME_PATTERN, AdapterSpec, Kind, ToolSpec, check
from gateway.wire import decode, encode

_NAME = re.compile(NAME_PATTERN)
_JSON_TYPE = re.compile(rf'\s*{JSON}\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?\Z', re.IGNORECASE)
_CURSOR = re.compile(r"[\x21-\x7e]{1,256}\Z")
_INSTANCES = 32
_LARGEST = 1024 * 1024  # bytes of a record
_COMMAS = 50_000  # in a body, be it in texts
LONGEST = 2 * _LARGEST  # bytes of a body; some writers escape what need not be, some add white space


class Page(msgspec.Struct, frozen=True):
    """Names above `after`, at most `limit` of them (None: all)."""

    after: str
    limit: int | None


def spec(request: Request, kind: Kind) -> AdapterSpec | ToolSpec:
    """The body of POST and PUT, checked as far as it can be alone. Raises UnsupportedMedia, TooLarge, Invalid."""
    if not _JSON_TYPE.match(request.headers.get("content-type") or ""):
        raise UnsupportedMedia(f"Content-Type: expected `{JSON}` in UTF-8.", field="Content-Type")
    _refuse_endless(request.body)
    written = decode(request.body, ToolSpec if kind == "tool" else AdapterSpec)
    check(written)
    _refuse_large(written)
    if isinstance(written, ToolSpec):
        # A copy: the raw tool would keep the whole body alive.
        tool = settled(written.tool_definition.tool, written.name).copy()
        written.tool_definition = msgspec.structs.replace(written.tool_definition, tool=tool)
    return written


def name(request: Request) -> str:
    """The name in the path. Raises NotFound for what can never be one."""
    given = request.route.get("name", "")
    if not _NAME.match(given) or len(given) > 40:
        raise NotFound("There is nothing of that name.")
    return given


def page(request: Request) -> Page:
    """`limit` and `after`. Raises Invalid."""
    after = request.query.get("after", "")
    if "after" in request.query and not _NAME.match(after):
        raise Invalid("after: not a cursor that `Link` gave.", field="after")
    limit = _whole(request.query, "limit", None, 1, PAGE_LIMIT)
    return Page(after, limit)


def log_query(request: Request) -> LogQuery:
    """`instance`, `tail`, `previous`, `since` and `wait`. Raises Invalid."""
    since = request.query.get("since", "")
    if "since" in request.query and not _CURSOR.match(since):
        raise Invalid("since: not a cursor that an earlier answer gave.", field="since")
    previous = request.query.get("previous", "false").lower()
    if previous not in ("true", "false"):
        raise Invalid("previous: neither `true` nor `false`.", field="previous")
    wait = _whole(request.query, "wait", 0, 0, LOG_WAIT_LIMIT)
    return LogQuery(
        instance=_whole(request.query, "instance", 0, 0, _INSTANCES - 1),
        tail=_whole(request.query, "tail", LOG_TAIL, 1, LOG_TAIL_LIMIT),
        previous=previous == "true",
        since=since,
        wait=wait if since else 0,
    )


def only_json(request: Request) -> bool:
    """Whether the client takes JSON and no text (RFC 9110 §12.5.1, without weights)."""
    accept = (request.headers.get("accept") or "").lower()
    return JSON in accept and TEXT not in accept and "text/*" not in accept and "*/*" not in accept


def _refuse_endless(body: bytes) -> None:
    """What would keep everybody else waiting while it is read: each entry of a list is matched before they are counted."""
    if len(body) > LONGEST:
        raise TooLarge(f"The body is {len(body):,} bytes; {LONGEST:,} are allowed.")
    if (commas := body.count(b",")) > _COMMAS:
        raise Invalid(f"The body has {commas:,} commas, so as many members and entries; {_COMMAS:,} are allowed.")


def _refuse_large(written: AdapterSpec | ToolSpec) -> None:
    """What no store and no cluster would take as one object; the largest member is the one to look at."""
    text = encode(written)
    if len(text) > _LARGEST:
        members = decode(text, dict[str, msgspec.Raw])
        field = max(members, key=lambda name: len(bytes(members[name])))
        raise Invalid(f"{field}: the record would be {len(text):,} bytes; {_LARGEST:,} are allowed.", field=field)


def _whole[D: (int, None)](query: Mapping[str, str], name: str, default: D, least: int, most: int) -> int | D:
    value = query.get(name)
    if value is None:
        return default
    if not value.isascii() or not value.isdigit() or len(value) > 9 or not least <= int(value) <= most:
        raise Invalid(f"{name}: expected a whole number from {least} to {most}.", field=name)
    return int(value)
