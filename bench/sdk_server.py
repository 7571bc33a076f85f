"""The yardstick: the official SDK's low-level server under uvicorn, with the same tools, whose handler makes the same HTTP call.

It does less than the tool router: nobody is authenticated, no argument is checked, nothing is audited, everybody sees every
tool. `json_response` is the cheaper of its two ways to answer. Usage: `python -m bench.sdk_server PORT TOOL_PORT`.
"""

import sys
from typing import Any

import mcp_types as t
import msgspec
import uvicorn
from aiohttp import ClientSession, TCPConnector
from mcp.server import Server, ServerRequestContext
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.exceptions import MCPError

from bench.child import HOST
from bench.tools import PATH, definitions

type _Context = ServerRequestContext[Any]


class _Tools:
    """The handlers, and what they answer from: made once, before the first request."""

    def __init__(self, upstream: int) -> None:
        self._url = f"http://{HOST}:{upstream}{PATH}"
        self._client: ClientSession | None = None
        tools = [t.Tool.model_validate_json(text) for text in definitions().values()]
        self._page = t.ListToolsResult(tools=tools, ttl_ms=5_000, cache_scope="private")
        self.schemas = {tool.name: tool.input_schema for tool in tools}

    async def list(self, context: _Context, params: t.PaginatedRequestParams | None) -> t.ListToolsResult:
        return self._page

    async def call(self, context: _Context, params: t.CallToolRequestParams) -> t.CallToolResult:
        if params.name not in self.schemas:
            raise MCPError(code=t.INVALID_PARAMS, message=f"Unknown tool: {params.name}")
        if self._client is None:
            self._client = ClientSession(connector=TCPConnector(limit=0))  # made where its event loop runs
        arguments = msgspec.json.encode(params.arguments or {})
        async with self._client.post(self._url, data=arguments, headers={"Content-Type": "application/json"}) as reply:
            text = await reply.text()
        return t.CallToolResult(
            content=[t.TextContent(type="text", text=text)], structured_content=msgspec.json.decode(text)
        )


def main() -> None:
    """Serves until TERM."""
    tools = _Tools(int(sys.argv[2]))
    server = Server(
        "bench",
        version="1",
        on_list_tools=tools.list,
        on_call_tool=tools.call,
        get_tool_input_schema=tools.schemas.get,
    )
    app = server.streamable_http_app(
        streamable_http_path="/mcp",
        json_response=True,
        stateless_http=True,
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    uvicorn.run(
        app, host=HOST, port=int(sys.argv[1]), loop="uvloop", http="httptools", log_level="error", access_log=False
    )


if __name__ == "__main__":
    main()
