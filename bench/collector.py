"""The collector behind what is told of: takes whatever is posted, and keeps nothing. No figure is taken here.

Usage: `python -m bench.collector PORT`.
"""

from aiohttp import web

from bench.child import HOST, serve


async def start(port: int) -> web.ServerRunner:
    """Listens on `port` of HOST."""
    runner = web.ServerRunner(web.Server(_taken, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, HOST, port).start()
    return runner


async def _taken(request: web.BaseRequest) -> web.Response:
    await request.read()
    return web.Response()


if __name__ == "__main__":
    serve(start)
