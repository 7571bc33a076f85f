"""The naive proxy: what one writes first, an aiohttp application with a ClientSession. It checks, seals and hides nothing.

Usage: `python -m bench.naive PORT UPSTREAM_PORT`.
"""

import sys

from aiohttp import ClientResponse, ClientSession, ClientTimeout, TCPConnector, web

from bench.child import HOST, serve

_OF_ONE_CONNECTION = {"connection", "content-length", "host", "keep-alive", "transfer-encoding"}


async def start(port: int) -> web.AppRunner:
    """Listens on `port` of HOST."""
    upstream = f"http://{HOST}:{sys.argv[2]}/mcp"
    connector = TCPConnector(limit=0)  # idle streams hold a connection each
    client = ClientSession(connector=connector, auto_decompress=False, timeout=ClientTimeout(total=None))

    async def forward(request: web.Request) -> web.StreamResponse:
        async with client.request(
            request.method, upstream, headers=_kept(request), data=await request.read() or None
        ) as answer:
            response = web.StreamResponse(status=answer.status, headers=_kept(answer))
            response.content_length = answer.content_length
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
            await response.write_eof()
            return response

    async def close(_: web.Application) -> None:
        await client.close()

    application = web.Application()
    application.router.add_route("*", "/adapters/{name}/mcp", forward)
    application.on_cleanup.append(close)
    runner = web.AppRunner(application, access_log=None, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, HOST, port, backlog=4096).start()
    return runner


def _kept(message: web.Request | ClientResponse) -> list[tuple[str, str]]:
    return [(name, value) for name, value in message.headers.items() if name.lower() not in _OF_ONE_CONNECTION]


if __name__ == "__main__":
    serve(start)
