"""RotatesSessionId: gives the session a new id with every answer to a call; the one before is unknown from then on."""

from aiohttp import web

from tests.fakes.endpoint import SESSION
from tests.fakes.recorder import recorder
from tests.fakes.serving import run

if __name__ == "__main__":
    endpoint = recorder()

    async def rotate(request: web.Request, response: web.StreamResponse) -> None:
        """A new id on 2xx answers of a session."""
        id = request.headers.get(SESSION)
        if id and response.status == 200 and endpoint.sessions.get(id):
            response.headers[SESSION] = endpoint.sessions.rename(id)

    app = endpoint.application()
    app.on_response_prepare.append(rotate)
    run(app)
