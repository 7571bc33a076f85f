"""The tool router: every registered tool as one MCP server at `/mcp`. Nothing here yet; the room exists so that the import rules hold."""
