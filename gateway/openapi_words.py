"""What the OpenAPI document says in words, and the two bodies people already have in their scripts. Only data."""

from typing import Any

INTRODUCTION = "Register MCP servers and tools, and use them from any MCP client."

DESCRIPTION = (
    "Register a server with `POST /adapters`, then point an MCP client at `/adapters/{name}/mcp`: a session always"
    " reaches the instance that holds it. Register a tool with `POST /tools`, and clients of `/mcp` have it. Adapters"
    " and tools share their names. Errors are problem details (RFC 9457); `errors` names the member, parameter or header"
    " that is wrong. Member names are matched exactly, unknown members are ignored, an explicit null is refused."
)

TAGS = {
    "adapters": "MCP servers that the gateway runs.",
    "tools": "HTTP endpoints that the gateway runs, each with the definition of one MCP tool.",
    "mcp": "The Model Context Protocol (Streamable HTTP): in front of each adapter, and of all tools together.",
    "gateway": "The gateway itself.",
}

SECURITY: dict[str, Any] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An access token of a configured issuer (RFC 6750): for the gateway as a whole, or for the very"
        " URL it is sent to. Which issuer, and which scope to ask for: `GET /.well-known/oauth-protected-resource/api`, or"
        " what the `WWW-Authenticate` of a 401 points to (RFC 9728). A gateway with developer identity (one's own machine)"
        " asks for none and believes `X-Dev-UserId`, `X-Dev-Name` and `X-Dev-Roles` (comma separated) instead.",
    }
}

HEADERS: dict[str, Any] = {
    "ETag": {"description": "The version of the record, for `If-Match`.", "schema": {"type": "string"}},
    "Location": {"description": "The path of the new record.", "schema": {"type": "string"}},
    "Link": {
        "description": '`rel="next"` (RFC 8288): the next page, or the lines after these. Absent: this was the last.',
        "schema": {"type": "string"},
    },
    "X-Log-Cursor": {"description": "The place after these lines, for `since`.", "schema": {"type": "string"}},
    "X-Request-Id": {
        "description": "The request in our log: the one you sent, if it was 1 to 128 of `A-Z a-z 0-9 . _ -`.",
        "schema": {"type": "string"},
    },
    "Retry-After": {"description": "Seconds.", "schema": {"type": "integer", "minimum": 0}},
    "WWW-Authenticate": {
        "description": "Where to get a token (RFC 9728), and what is wrong with the one that came (RFC 6750 §3). Absent with"
        " developer identity, and at a 403 unless the token lacks the scope: signing in again would not help.",
        "schema": {"type": "string"},
    },
    "Cache-Control": {"description": "How long it may be kept (RFC 9111).", "schema": {"type": "string"}},
    "Allow": {"description": "The methods there are.", "schema": {"type": "string"}},
    "Mcp-Session-Id": {"description": "The session, sealed by the gateway.", "schema": {"type": "string"}},
}

# Status → what it means here, and the headers that come with it.
PROBLEMS: dict[int, tuple[str, tuple[str, ...]]] = {
    400: ("The request is malformed; `errors` names the part that is wrong.", ()),
    401: ("No token, or one that cannot be verified.", ("WWW-Authenticate",)),
    403: ("You may not do this, or no more of it; or `Origin` is not allowed.", ("WWW-Authenticate",)),
    404: ("There is no such thing.", ()),
    405: ("The route exists, the method does not.", ("Allow",)),
    409: ("The name is taken, or still being deleted.", ()),
    412: ("If-Match names another version than the one stored.", ()),
    413: ("The body is over its limit.", ()),
    415: ("The body is not `application/json`.", ()),
    421: ("`Host` is not one of this gateway's.", ()),
    429: ("Too many requests of yours; ask again in `Retry-After` seconds.", ("Retry-After",)),
    431: ("Too many headers, or too large.", ()),
    500: ("Something went wrong here.", ()),
    502: ("What stands behind the gateway broke before its first byte.", ()),
    503: ("Nobody can serve this now.", ("Retry-After",)),
    504: ("What stands behind the gateway did not answer in time.", ()),
}

# The raw tool, which no Struct describes.
TOOL: dict[str, Any] = {
    "type": "object",
    "description": "An MCP tool. Members not listed here are kept as they are.",
    "properties": {
        "name": {"type": "string", "description": "The record's name, or blank."},
        "title": {"type": ["string", "null"]},
        "description": {"type": ["string", "null"]},
        "inputSchema": {
            "type": "object",
            "description": "A JSON Schema of an object, complete in itself. Absent: any object.",
            "properties": {"type": {"const": "object"}},
            "required": ["type"],
        },
        "outputSchema": {
            "type": ["object", "null"],
            "description": "Likewise. Absent: nothing is promised.",
            "properties": {"type": {"const": "object"}},
            "required": ["type"],
        },
        "annotations": {"type": ["object", "null"]},
        "icons": {"type": ["array", "null"]},
        "_meta": {"type": ["object", "null"]},
    },
}

# By the id of the operation that takes them.
EXAMPLES: dict[str, dict[str, Any]] = {
    "create_adapter": {
        "name": "mcp-example",
        "imageName": "mcp-example",
        "imageVersion": "1.0.0",
        "description": "test",
    },
    "create_tool": {
        "name": "weather",
        "imageName": "weather-tool",
        "imageVersion": "1.0.0",
        "useWorkloadIdentity": True,
        "description": "Weather tool",
        "requiredRoles": [],
        "toolDefinition": {
            "tool": {
                "name": "weather",
                "title": "Weather Information",
                "description": "Gets the current weather for a specified location.",
                "type": "http",
                "inputSchema": {
                    "type": "object",
                    "properties": {"location": {"type": "string", "description": "The city and state"}},
                    "required": ["location"],
                },
                "annotations": {"readOnly": True},
            },
            "port": 8000,
        },
    },
}
