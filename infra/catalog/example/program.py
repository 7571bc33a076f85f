"""An MCP server and a tool, both of the samples that every local gateway has. Which gateway it is, the configuration says."""

import pulumi

from infra.catalog import McpAdapter, McpTool, ToolDefinition

_WEATHER = {
    "title": "Weather Information",
    "description": "Gets the current weather for a place.",
    "inputSchema": {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]},
    "annotations": {"readOnlyHint": True},
}


def main() -> None:
    """Both are for whoever has the role `mcp.engineer`."""
    config = pulumi.Config()
    server = McpAdapter(
        "example-server",
        image_name="mcp-example",
        image_version="1.0.0",
        description=config.get("description") or "A first MCP server.",
        environment_variables={"GREETING": config.get_secret("greeting") or "Hello"},
        required_roles=["mcp.engineer"],
        wait=True,
    )
    weather = McpTool(
        "example-weather",
        image_name="weather-tool",
        image_version="1.0.0",
        tool_definition=ToolDefinition(tool=_WEATHER),
        required_roles=["mcp.engineer"],
    )
    pulumi.export("server", server.mcp_url)
    pulumi.export("tools", weather.mcp_url)
