"""EchoesRawSessionId: puts its own session id on every answer, on errors and on 2026-07-28 answers too."""

from aiohttp import web

from tests.fakes.endpoint import SESSION
from tests.fakes.recorder import recorder
from tests.fakes.serving import run

STRAY = "raw-id-of-the-pod"


async def echo_always(request: web.Request, response: web.StreamResponse) -> None:
    """Sets the header, whatever the answer."""
    response.headers.setdefault(SESSION, request.headers.get(SESSION, STRAY))


if __name__ == "__main__":
    app = recorder().application()
    app.on_response_prepare.append(echo_always)
    run(app)
