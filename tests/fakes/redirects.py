"""Redirects: answers every `tools/call` with 307 to another place, which must never be asked."""

from aiohttp import web

from tests.fakes.endpoint import Endpoint
from tests.fakes.serving import run
from tests.fakes.turn import Turn
from tests.fakes.wire import Json


async def echo(turn: Turn) -> Json:
    """307 to the endpoint itself: whoever follows it goes in circles, and is seen to."""
    raise web.HTTPTemporaryRedirect(turn.request.path + "?followed")


if __name__ == "__main__":
    run(Endpoint({"echo": echo}).application())
