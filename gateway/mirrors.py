"""Mirrors: arguments that a client repeats in `Mcp-Param-*` headers, as `x-mcp-header` in an input schema asks. Pure.

MCP 2026-07-28, basic/transports/streamable-http "Custom Headers": whoever reads both compares them.
"""

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import msgspec

PREFIX = "mcp-param-"
_KEY = "x-mcp-header"
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # RFC 9110 §5.6.2
_SENTINEL = re.compile(r"=\?base64\?(.*)\?=")
_DECIMAL = re.compile(r"(-?[0-9]+)(\.0*)?")
_TYPES = ("string", "integer", "boolean")
# Keywords whose values hold schemas. Values of `default`, `enum` and the like are data, whatever they look like.
_ONE = frozenset(
    {
        "items",
        "contains",
        "unevaluatedItems",
        "additionalProperties",
        "propertyNames",
        "unevaluatedProperties",
        "not",
        "if",
        "then",
        "else",
        "contentSchema",
    }
)
_MANY = frozenset(("allOf", "anyOf", "oneOf", "prefixItems"))
_NAMED = frozenset(("patternProperties", "dependentSchemas", "$defs", "definitions"))

type Path = tuple[str, ...]


class Mirror(msgspec.Struct, frozen=True):
    """The argument at `path`, of a primitive `type`, is repeated in the header `Mcp-Param-{token}`."""

    path: Path
    token: str
    type: str

    @property
    def header(self) -> str:
        """The header's name, in lower case."""
        return PREFIX + self.token.lower()


def mirrors(schema: bytes) -> tuple[Mirror, ...]:
    """The mirrors an input schema asks for. Raises ValueError where one cannot be: clients would drop the whole tool."""
    if _KEY.encode() not in schema and b"\\u" not in schema:  # a key may be written in escapes
        return ()
    found: dict[str, Mirror] = {}
    for path, node in _schemas(msgspec.json.decode(schema)):
        if _KEY in node:
            mirror = _mirror(path, node)
            if mirror.header in found:
                raise ValueError(f"`{_KEY}`: `{mirror.token}` is asked for twice")
            found[mirror.header] = mirror
    return tuple(found.values())


def mismatch(wanted: tuple[Mirror, ...], arguments: bytes, sent: Callable[[str], list[str]]) -> str | None:
    """What is wrong between arguments and headers, in one sentence. `sent` gives the values of a header by lower-case name."""
    if not wanted:
        return None
    try:
        members: object = msgspec.json.decode(arguments)
    except msgspec.ValidationError:
        return None  # JSON, but of a number that no program here can hold: the check against the schema refuses it
    except RecursionError:
        return "Mcp-Param headers cannot be compared with arguments that are nested so deeply."
    for mirror in wanted:
        if wrong := _compared(mirror, argument(members, mirror.path), sent(mirror.header)):
            return f"Mcp-Param-{mirror.token} {wrong}"
    return None


def argument(node: object, path: Path) -> object:
    """What stands at the path in arguments; None where there is nothing."""
    for key in path:
        if not isinstance(node, Mapping):
            return None
        node = cast("Mapping[str, object]", node).get(key)
    return node


def decoded(value: str) -> str | None:
    """A header's value without its `=?base64?…?=` wrapping, if it has one; None where that is broken."""
    found = _SENTINEL.fullmatch(value)
    if found is None:
        return value
    try:
        raw = base64.b64decode(found[1], validate=True)
        text = raw.decode()
    except ValueError:  # no base64, no ASCII even, or no UTF-8 inside
        return None
    return text if base64.b64encode(raw).decode() == found[1] else None  # one spelling only


def _compared(mirror: Mirror, value: object, sent: list[str]) -> str | None:
    name = ".".join(mirror.path)
    if len(sent) > 1:
        return "is given more than once."
    if value is None:
        return f"is given, but the argument `{name}` is not." if sent else None
    if not isinstance(
        value, str | int | float
    ):  # clients repeat no such value; that it does not fit is the schema's to say
        return f"is given, but the argument `{name}` is no string, number or boolean." if sent else None
    if not sent:
        return f"is missing, but the argument `{name}` is given."
    return None if _agree(mirror, value, decoded(sent[0])) else f"is not the argument `{name}`."


def _agree(mirror: Mirror, value: str | float, sent: str | None) -> bool:
    if isinstance(value, bool):
        return sent == ("true" if value else "false")
    if sent is None:
        return False
    number = _DECIMAL.fullmatch(sent) if mirror.type == "integer" else None
    if number and isinstance(value, int | float):  # `42.0` is 42, and no size loses a digit
        digits = "0" if number[1] == "-0" else number[1]
        return (isinstance(value, int) or value.is_integer()) and digits == str(int(value))
    return sent == str(value)


def _mirror(path: Path | None, node: dict[str, Any]) -> Mirror:
    if not path:
        raise ValueError(f"`{_KEY}` is possible on properties of the arguments only")
    token, kind = node[_KEY], node.get("type")
    where = ".".join(path)
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise ValueError(f"{where}: `{_KEY}` must be a header token (RFC 9110)")
    if not isinstance(kind, str) or kind not in _TYPES:
        raise ValueError(f"{where}: `{_KEY}` is possible on a string, an integer or a boolean only")
    return Mirror(path, token, kind)


def _schemas(root: object) -> Iterator[tuple[Path | None, dict[str, Any]]]:
    """Every schema in a schema, with the way to it through `properties` alone; None: there is another way only."""
    left: list[tuple[Path | None, object]] = [((), root)]
    while left:
        path, node = left.pop()
        if isinstance(node, dict):
            schema = cast("dict[str, Any]", node)
            yield path, schema
            left += _below(path, schema)


def _below(path: Path | None, schema: dict[str, Any]) -> Iterator[tuple[Path | None, object]]:
    for keyword, value in schema.items():
        if keyword == "properties" and isinstance(value, dict):
            for name, child in cast("dict[str, object]", value).items():
                yield None if path is None else (*path, name), child
        elif keyword in _ONE:
            yield None, value
        elif keyword in _MANY and isinstance(value, list):
            yield from ((None, child) for child in cast("list[object]", value))
        elif keyword in _NAMED and isinstance(value, dict):
            yield from ((None, child) for child in cast("dict[str, object]", value).values())
