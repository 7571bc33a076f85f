"""The tool router: all tools as one MCP server at `/mcp`, in both eras, for callers whom the proxy vouches for. Keeps no session."""
