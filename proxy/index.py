"""Index: what `GET /` answers until there is a portal: where things are, for programs and for people."""

from functools import cache
from html import escape

import msgspec

from gateway.version import VERSION

NAME = "mcp-gateway"
_LINKS = {
    "adapters": ("/adapters", "register and list MCP servers"),
    "adapter": ("/adapters/{name}/mcp", "connect an MCP client to one"),
    "tools": ("/tools", "register and list tools"),
    "mcp": ("/mcp", "connect an MCP client to all tools"),
    "document": ("/openapi.json", "every route, as OpenAPI 3.1"),
    "live": ("/ping", "whether the gateway is alive"),
    "ready": ("/ready", "whether the gateway is ready"),
}


@cache
def as_json() -> bytes:
    """`{"name", "version", "routes": {…}}`."""
    routes = {name: path for name, (path, _) in _LINKS.items()}
    return msgspec.json.encode({"name": NAME, "version": VERSION, "routes": routes})


@cache
def as_html() -> bytes:
    """The same for a browser."""
    rows = "".join(f"<li>{_link(path)}: {escape(what)}</li>\n" for path, what in _LINKS.values())
    title = f"{NAME} {VERSION}"
    return (
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{title}</title>\n'
        f"<h1>{title}</h1>\n<ul>\n{rows}</ul>\n</html>\n"
    ).encode()


def prefers_html(accept: str) -> bool:
    """Whether `Accept` names HTML, and before JSON if it names both."""
    html, json = accept.find("text/html"), accept.find("application/json")
    return html >= 0 and (json < 0 or html < json)


def _link(path: str) -> str:
    return f"<code>{escape(path)}</code>" if "{" in path else f'<a href="{path}">{path}</a>'
