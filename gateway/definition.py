"""The MCP tool inside a tool record: its name settled, its schemas checked, every other byte kept. No HTTP, no records."""

import re

import msgspec
from msgspec import Raw

from gateway.card import LIMIT
from gateway.errors import Invalid
from gateway.mirrors import mirrors
from gateway.schema import refuse_bad_schema

_FIELD = "toolDefinition.tool"
_DEEPEST = 64  # levels of arrays and objects; every reader of a listed tool has such a limit somewhere
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")  # escaped in JSON, but several readers and stores end a text there
_DEFAULT_SCHEMA = Raw(b'{"type":"object"}')
# MCP knows no null for these; some writers send it for "absent".
_TYPES: dict[str, type] = {
    "title": str,
    "description": str,
    "outputSchema": dict,
    "annotations": dict,
    "icons": list,
    "_meta": dict,
}


def settled(tool: Raw, name: str) -> Raw:
    """The definition as it will be listed: named like its record, with an input schema, unknown members untouched.

    Values keep their bytes (key order, escapes, big integers); only white space between top-level members is lost,
    and only where something had to be added or removed. Raises Invalid naming the member that is wrong.
    """
    _refuse_unreadable(tool)
    members = _members(tool)
    kept = {key: value for key, value in members.items() if not (key in _TYPES and _value(value) is None)}
    for key, kind in _TYPES.items():
        if key in kept and not isinstance(_value(kept[key]), kind):
            raise Invalid(f"{_FIELD}.{key}: expected {kind.__name__}.", field=f"{_FIELD}.{key}")
    given = _value(kept.get("name", Raw(b'""')))
    if not isinstance(given, str) or given not in ("", name):
        raise Invalid(f"{_FIELD}.name: must be `{name}`, like the record, or blank.", field=f"{_FIELD}.name")
    named = (
        kept if given else {"name": Raw(msgspec.json.encode(name)), **{k: v for k, v in kept.items() if k != "name"}}
    )
    named.setdefault("inputSchema", _DEFAULT_SCHEMA)
    for key in ("inputSchema", "outputSchema"):
        if key in named:
            refuse_bad_schema(bytes(named[key]), f"{_FIELD}.{key}")
    _refuse_bad_mirrors(named["inputSchema"])
    return tool if named == members else Raw(msgspec.json.encode(named))


def _refuse_unreadable(tool: Raw) -> None:
    """What is JSON, and yet not everybody's: kept raw, it would fail at a reader's instead of here."""
    if len(bytes(tool)) > LIMIT:
        raise Invalid(f"{_FIELD}: {len(bytes(tool)):,} bytes; {LIMIT:,} are allowed.", field=_FIELD)
    if _NUL.search(bytes(tool)):
        raise Invalid(f"{_FIELD}: holds a NUL character.", field=_FIELD)
    try:
        whole = _value(tool)
    except msgspec.ValidationError as error:
        what, _, _ = str(error).partition(" - at ")
        raise Invalid(f"{_FIELD}: {what}.", field=_FIELD) from None
    if _too_deep(whole):
        raise Invalid(f"{_FIELD}: nested more than {_DEEPEST} levels deep.", field=_FIELD)


def _refuse_bad_mirrors(schema: Raw) -> None:
    """Clients drop a tool whose `x-mcp-header` is not possible, and nobody would learn why it is not there."""
    try:
        mirrors(bytes(schema))
    except ValueError as error:
        raise Invalid(f"{_FIELD}.inputSchema: {error}.", field=f"{_FIELD}.inputSchema") from None


def _too_deep(value: object) -> bool:
    level = [value]
    for _ in range(_DEEPEST + 1):
        level = [child for node in level for child in _children(node)]
        if not level:
            return False
    return True


def _children(node: object) -> list[object]:
    if isinstance(node, dict):
        members: dict[str, object] = node  # pyright: ignore[reportUnknownVariableType] - JSON objects have string keys
        return list(members.values())
    return node if isinstance(node, list) else []  # pyright: ignore[reportUnknownVariableType] - whatever JSON holds


def _members(tool: Raw) -> dict[str, Raw]:
    try:
        return msgspec.json.decode(tool, type=dict[str, Raw])
    except msgspec.ValidationError:
        raise Invalid(f"{_FIELD}: expected an object.", field=_FIELD) from None


def _value(raw: Raw) -> object:
    return msgspec.json.decode(raw)
