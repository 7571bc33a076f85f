"""Tools that change nothing and say that something changed: on listen streams (2026-07-28), on the session's GET stream before."""

from collections.abc import Awaitable, Callable

import mcp_types as types
from mcp.server.subscriptions import PromptsListChanged, ServerEvent, SubscriptionBus, ToolsListChanged
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from tests.conformance.everything.tool import Call, Context, Table, Tool, said, text


def changes(bus: SubscriptionBus) -> Table:
    """The tools, publishing on `bus`."""
    return {
        "test_trigger_tool_change": Tool(
            "Says that the tools changed",
            _says(bus, ToolsListChanged(), lambda ctx: ctx.session.send_tool_list_changed()),
        ),
        "test_trigger_prompt_change": Tool(
            "Says that the prompts changed",
            _says(bus, PromptsListChanged(), lambda ctx: ctx.session.send_prompt_list_changed()),
        ),
    }


def _says(bus: SubscriptionBus, event: ServerEvent, tell: Callable[[Context], Awaitable[None]]) -> Call:
    async def call(ctx: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        if ctx.protocol_version in MODERN_PROTOCOL_VERSIONS:
            await bus.publish(event)
        else:
            await tell(ctx)
        return said(text("Said"))

    return call
