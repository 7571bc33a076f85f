"""AnswersOwn401: initialises, then wants credentials of its own: 401, or 407 where the tool is called `proxy`."""

from aiohttp import web

from tests.fakes.endpoint import Endpoint
from tests.fakes.serving import run
from tests.fakes.turn import Turn
from tests.fakes.wire import Json

CHALLENGE = 'Bearer resource_metadata="http://pod.invalid/.well-known/oauth-protected-resource"'


async def unauthorized(turn: Turn) -> Json:
    """401 with a challenge that a client would follow."""
    del turn
    raise web.HTTPUnauthorized(headers={"WWW-Authenticate": CHALLENGE})


async def proxy(turn: Turn) -> Json:
    """407 with a challenge."""
    del turn
    raise web.HTTPProxyAuthenticationRequired(headers={"Proxy-Authenticate": CHALLENGE})


if __name__ == "__main__":
    run(Endpoint({"echo": unauthorized, "proxy": proxy}).application())
