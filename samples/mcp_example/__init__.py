"""An MCP server on the official SDK, spoken to in both eras at `/mcp`. Not a part of the gateway: its guest."""
