"""The example's server: its tools and how it is served. Reads no environment and opens no port."""

from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from mcp_types import ToolAnnotations
from starlette.applications import Starlette

from samples.mcp_example.counter import Counter
from samples.mcp_example.tools import add, counter_tool, echo, greet, slow, whoami

MAX_SESSIONS = 1000
# The names a browser on this machine may use. The gateway calls every server `localhost:<port>` and sends no Origin;
# anything else is a page that was given a foreign name for this address (DNS rebinding) and gets 421 or 403.
LOOPBACK = ("127.0.0.1:*", "localhost:*", "[::1]:*")


def application() -> Starlette:
    """ASGI application with both eras at `/mcp`."""
    return build().streamable_http_app(
        streamable_http_path="/mcp",
        max_sessions=MAX_SESSIONS,
        transport_security=TransportSecuritySettings(
            allowed_hosts=list(LOOPBACK), allowed_origins=[f"http://{name}" for name in LOOPBACK]
        ),
    )


def build() -> MCPServer:
    read_only = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
    server = MCPServer("mcp-example", version="1.0.0", instructions="Small tools to try a gateway with.")
    for tool in (add, echo, slow, greet, whoami):
        server.add_tool(tool, annotations=read_only)
    server.add_tool(counter_tool(Counter(capacity=10 * MAX_SESSIONS)))
    return server
