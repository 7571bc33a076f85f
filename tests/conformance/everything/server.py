"""The fixture's server: tables of tools, prompts and resources put behind the SDK. Opens no port."""

from collections.abc import Mapping
from typing import Any

import mcp_types as types
from mcp.server import Server
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler
from mcp.shared.exceptions import MCPError
from starlette.applications import Starlette

from tests.conformance.everything.changes import changes
from tests.conformance.everything.contents import CONTENTS
from tests.conformance.everything.conversations import CONVERSATIONS
from tests.conformance.everything.events import Events
from tests.conformance.everything.prompts import complete, get_prompt, list_prompts
from tests.conformance.everything.resources import list_resources, list_templates, read_resource, subscribe, unsubscribe
from tests.conformance.everything.rounds import ROUNDS
from tests.conformance.everything.tool import Context, Table

NAME = "everything"
RETRY = 200  # milliseconds: how soon a client comes back to a stream that was closed on it
KEY = "one key, so that every replica opens what another sealed"


def application() -> Starlette:
    """ASGI application with both eras at `/mcp`; refuses foreign Host and Origin, as the SDK does on loopback."""
    return build().streamable_http_app(event_store=Events(), retry_interval=RETRY)


def build() -> Server[Any]:
    """The server."""
    bus = InMemorySubscriptionBus()
    server = _serving({**CONTENTS, **CONVERSATIONS, **ROUNDS, **changes(bus)}, bus)
    server.middleware.append(RequestStateBoundary(RequestStateSecurity(keys=[KEY]), default_audience=NAME))
    return server


def _serving(table: Table, bus: InMemorySubscriptionBus) -> Server[Any]:
    async def list_tools(ctx: Context, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[tool.definition(name) for name, tool in table.items()])

    async def call_tool(
        ctx: Context, params: types.CallToolRequestParams
    ) -> types.CallToolResult | types.InputRequiredResult:
        if tool := table.get(params.name):
            return await tool.call(ctx, params)
        raise MCPError(types.INVALID_PARAMS, f"Unknown tool: {params.name}")

    def schema(name: str) -> Mapping[str, Any] | None:
        return table[name].schema if name in table else None

    async def set_level(ctx: Context, params: types.SetLevelRequestParams) -> types.EmptyResult:
        return types.EmptyResult()

    # `logging/setLevel` is deprecated since 2026-07-28; the revisions before it have it, and so has the suite.
    return Server(  # pyright: ignore[reportDeprecated] - as said above
        NAME,
        version="1.0.0",
        get_tool_input_schema=schema,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_list_resource_templates=list_templates,
        on_read_resource=read_resource,
        on_subscribe_resource=subscribe,
        on_unsubscribe_resource=unsubscribe,
        on_subscriptions_listen=ListenHandler(bus),
        on_list_prompts=list_prompts,
        on_get_prompt=get_prompt,
        on_completion=complete,
        on_set_logging_level=set_level,
    )
