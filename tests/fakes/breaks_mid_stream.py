"""BreaksMidStream: sends one event of its answer, then tears the connection down without an end."""

from tests.fakes.endpoint import Endpoint
from tests.fakes.serving import run
from tests.fakes.turn import Turn
from tests.fakes.wire import Json


async def echo(turn: Turn) -> Json:
    """One progress event and no result."""
    await turn.notify("notifications/progress", {"progressToken": "none", "progress": 1})
    transport = turn.request.transport
    assert transport is not None, "the client is still there"
    transport.abort()
    return {"content": []}


if __name__ == "__main__":
    run(Endpoint({"echo": echo}).application())
