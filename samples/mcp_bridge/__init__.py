"""The image `mcp-proxy`: serves a stdio MCP server, or a remote one, as streamable HTTP at `/mcp`.

Relays messages as they are, unknown members included; it is neither an MCP client nor an MCP server of its own.
"""
