"""DiesOnFirstCall: initialises like any server, and exits in the middle of the first `tools/call`, before a byte of the answer."""

import os

from tests.fakes.endpoint import Endpoint
from tests.fakes.serving import run
from tests.fakes.turn import Turn
from tests.fakes.wire import Json


async def echo(turn: Turn) -> Json:
    """Never answers."""
    del turn
    os._exit(1)


if __name__ == "__main__":
    run(Endpoint({"echo": echo}).application())
