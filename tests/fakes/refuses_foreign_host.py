"""RefusesForeignHost: 421 unless `Host` is `localhost:<port>`, as SDK servers do against DNS rebinding."""

import os

from aiohttp import web
from aiohttp.typedefs import Handler

from tests.fakes.recorder import application
from tests.fakes.serving import run


@web.middleware
async def only_localhost(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Lets through what is addressed to this very server, and carries no Origin."""
    if request.headers.get("Host") != f"localhost:{os.environ['PORT']}" or "Origin" in request.headers:
        return web.Response(status=421, text="Invalid Host header")
    return await handler(request)


if __name__ == "__main__":
    app = application()
    app.middlewares.append(only_localhost)
    run(app)
