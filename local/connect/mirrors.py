"""Arguments that a tool wants to see in headers too (`x-mcp-header`, 2026-07-28), as the tool lists passing through say. Pure."""

import msgspec
from msgspec import Raw

from gateway.mirrors import Mirror, argument, mirrors
from local.connect.header_value import header_value

TOOLS = 10_000  # that are remembered; the earliest is forgotten first
_EXACT = 2**53  # beyond, a float is no longer one certain integer


class _Tool(msgspec.Struct, rename={"schema": "inputSchema"}):
    name: str
    schema: Raw = Raw(b"{}")


class _List(msgspec.Struct):
    tools: list[_Tool] = []


class Mirrors:
    """What is known of the tools of one endpoint."""

    def __init__(self) -> None:
        self._tools: dict[str, tuple[Mirror, ...]] = {}

    def learn(self, result: Raw) -> None:
        """A result of `tools/list`, or one page of it. One that makes no sense teaches nothing."""
        try:
            tools = msgspec.json.decode(result, type=_List).tools
        except (msgspec.DecodeError, RecursionError):
            return
        for tool in tools:
            self._tools.pop(tool.name, None)
            if marked := _marked(tool.schema):
                self._tools[tool.name] = marked
        while len(self._tools) > TOOLS:
            del self._tools[next(iter(self._tools))]

    def headers(self, tool: str, arguments: Raw | None) -> dict[str, str]:
        """The `Mcp-Param-…` headers of a call; an argument that is absent or null has none."""
        marked = self._tools.get(tool)
        if not marked or arguments is None:
            return {}
        try:
            values = msgspec.json.decode(arguments)
        except (msgspec.DecodeError, RecursionError):
            return {}
        shown = ((mirror.token, _shown(argument(values, mirror.path))) for mirror in marked)
        return {f"Mcp-Param-{token}": header_value(value) for token, value in shown if value is not None}


def _marked(schema: Raw) -> tuple[Mirror, ...]:
    """The marked arguments; none at all where a mark is wrong, for then the server checks none either."""
    try:
        return mirrors(bytes(schema))
    except (ValueError, msgspec.DecodeError, RecursionError):
        return ()


def _shown(value: object) -> str | None:
    match value:
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer() and abs(value) < _EXACT:
            return str(int(value))
        case str() | int() | float():
            return str(value)
        case _:
            return None
