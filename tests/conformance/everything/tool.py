"""Tool: a definition and what answers its calls. The contract between the tables of tools and the server."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import mcp_types as types
from mcp.server.context import ServerRequestContext

type Context = ServerRequestContext[Any, Any]
type Call = Callable[
    [Context, types.CallToolRequestParams], Awaitable[types.CallToolResult | types.InputRequiredResult]
]
type Table = Mapping[str, Tool]

EMPTY: Mapping[str, Any] = {"type": "object", "properties": {}}


@dataclass(frozen=True)
class Tool:
    """One tool; its name is its key in the table."""

    description: str
    call: Call
    schema: Mapping[str, Any] = field(default_factory=lambda: EMPTY)

    def definition(self, name: str) -> types.Tool:
        """The entry of `tools/list`."""
        return types.Tool(name=name, description=self.description, input_schema=dict(self.schema))


def said(*content: types.ContentBlock) -> types.CallToolResult:
    """A complete result."""
    return types.CallToolResult(content=list(content))


def text(words: str) -> types.TextContent:
    """A text block."""
    return types.TextContent(type="text", text=words)
