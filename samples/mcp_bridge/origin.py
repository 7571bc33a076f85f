"""Refuses requests made by pages of other sites. Not authentication: who may call is decided in front of the bridge."""

import re
from collections.abc import Awaitable, Callable

from aiohttp import web

from samples.mcp_bridge.replies import refusal

LOOPBACK = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?")


@web.middleware
async def same_machine(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """403 for an Origin that is not this machine (specification, "Transports", security warning).

    The gateway sends no Origin; a page that was given a foreign name for this address (DNS rebinding) does.
    """
    origin = request.headers.get("Origin")
    if origin is not None and not LOOPBACK.fullmatch(origin):
        return refusal(403, "Origin not allowed")
    return await handler(request)
