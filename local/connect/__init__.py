"""`mcp-gateway connect`: a stdio MCP server that is a streamable HTTP MCP server elsewhere. Relays lines; models no message.

A line goes out as it came in and an answer comes in as it was sent; read are only the members that say where a message
belongs. Knows nothing of the gateway behind the URL: any MCP server over HTTP will do.
"""
