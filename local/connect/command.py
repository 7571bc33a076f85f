"""`mcp-gateway connect` from its start to its end: what ends it, and in which order things are taken down."""

import asyncio
import signal

from local.connect.bridge import Bridge
from local.connect.carrier import LIMIT, Carrier
from local.connect.endpoint import Endpoint
from local.connect.options import Options
from local.connect.said import say
from local.connect.stdio import lines, reading, writing

LAST_ANSWERS = 2.0  # seconds for requests under way when the client has closed our input
_SIGNALLED = 128  # what a shell adds to the number of the signal that ended a command


async def connect(options: Options) -> int:
    """Runs until the client closes standard input or output (0) or a signal comes (128 + its number)."""
    if options.warning:
        say(options.warning)
    ending = _on_signals()
    async with Endpoint(options) as endpoint, writing(1) as output, reading(0) as reader:
        bridge = Bridge(Carrier(endpoint, output.send, say), output.send)
        relaying = asyncio.create_task(_relay(bridge, reader))
        gone = asyncio.create_task(output.closed.wait())
        await asyncio.wait((relaying, gone, ending), return_when=asyncio.FIRST_COMPLETED)
        for task in (relaying, gone):
            task.cancel()
        await asyncio.wait((relaying, gone))
        await bridge.drop()
        await bridge.close()
        if not relaying.cancelled() and (error := relaying.exception()):
            say(f"An error of `connect` itself: {error!r}")
            return 1
    return _SIGNALLED + ending.result() if ending.done() else 0


async def _relay(bridge: Bridge, reader: asyncio.StreamReader) -> None:
    await bridge.run(lines(reader, LIMIT))
    await bridge.finish(LAST_ANSWERS)


def _on_signals() -> asyncio.Future[int]:
    """Done with the number of the first that comes."""
    loop = asyncio.get_running_loop()
    ending: asyncio.Future[int] = loop.create_future()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, lambda n=number: ending.done() or ending.set_result(int(n)))
    return ending
