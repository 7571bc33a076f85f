"""`recorder`: a well-behaved MCP server whose tools tell the test what arrived, and which process it arrived at.

It sends headers that no client should ever see, so that every journey also tests the way back.
"""

from aiohttp import web

from tests.fakes.endpoint import Endpoint
from tests.fakes.serving import run
from tests.fakes.tools import tools

PRIVATE = {
    "Set-Cookie": "pod=1",
    "Link": "</pod>; rel=next",
    "X-Powered-By": "recorder",
    "Server": "recorder",
    "Access-Control-Allow-Origin": "*",
}
PUBLIC = {"X-Correlation-Id": "recorded", "Mcp-Extra": "kept"}


def recorder() -> Endpoint:
    """The endpoint with all tools."""
    endpoint: Endpoint
    endpoint = Endpoint(tools(lambda: endpoint.listening))
    return endpoint


def application() -> web.Application:
    """The server, not started."""
    app = recorder().application()
    app.on_response_prepare.append(_talk)
    return app


async def _talk(request: web.Request, response: web.StreamResponse) -> None:
    del request
    for name, value in {**PRIVATE, **PUBLIC}.items():
        response.headers[name] = value


if __name__ == "__main__":
    run(application())
