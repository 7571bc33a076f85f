"""SlowFirstByte: takes $HEAD_SECONDS before the head of an answer to `echo`, and $BODY_SECONDS before its first byte."""

import asyncio
import os

from tests.fakes.endpoint import Endpoint
from tests.fakes.serving import run
from tests.fakes.turn import Turn
from tests.fakes.wire import Json


async def echo(turn: Turn) -> Json:
    """Answers as a stream, late."""
    await asyncio.sleep(float(os.environ.get("HEAD_SECONDS", "0")))
    await turn.stream()
    await asyncio.sleep(float(os.environ.get("BODY_SECONDS", "0")))
    return {"content": [{"type": "text", "text": turn.text("text")}]}


if __name__ == "__main__":
    run(Endpoint({"echo": echo}).application())
