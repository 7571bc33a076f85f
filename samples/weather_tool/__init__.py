"""A plain HTTP tool: `POST /score` answers the weather of a place. Not an MCP server; the gateway makes it a tool."""
