"""Changes: one client's stream of notices that the list of tools changed, in either era, and when each came."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aiohttp

from tests.journeys.client import Client
from tests.journeys.events import event
from tests.journeys.reply import Json

CHANGED = "notifications/tools/list_changed"
ACKNOWLEDGED = "notifications/subscriptions/acknowledged"
SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId"


class Changes:
    """What came on a stream so far. `times` are those of the event loop, in seconds."""

    def __init__(self, stream: aiohttp.ClientResponse) -> None:
        self.messages: list[Json] = []
        self.times: list[float] = []
        self._stream = stream
        self._came = asyncio.Condition()

    async def read(self) -> None:
        """Takes down whatever comes, to the end of the stream."""
        while came := await event(self._stream):
            self.messages.append(came.data)
            self.times.append(asyncio.get_running_loop().time())
            async with self._came:
                self._came.notify_all()

    async def until(self, count: int, seconds: float) -> None:
        """Waits until `count` messages have come. Raises TimeoutError."""
        async with asyncio.timeout(seconds), self._came:
            await self._came.wait_for(lambda: len(self.messages) >= count)


@asynccontextmanager
async def listening(client: Client) -> AsyncGenerator[Changes]:
    """The client's stream, from the moment the gateway listens to the end of the block. Its era decides which kind."""
    async with subscribed(client) if client.modern else client.listening() as stream:
        assert (stream.status, stream.content_type) == (200, "text/event-stream")
        changes = Changes(stream)
        reading = asyncio.create_task(changes.read())
        try:
            yield changes
        finally:
            reading.cancel()
            await asyncio.wait([reading])


@asynccontextmanager
async def subscribed(client: Client) -> AsyncGenerator[aiohttp.ClientResponse]:
    """`subscriptions/listen` for changed tools, acknowledged. Raises AssertionError where something else comes first."""
    wanted = client.message("subscriptions/listen", {"notifications": {"toolsListChanged": True}})
    async with client.posting(wanted) as stream:
        first = await event(stream)
        assert first
        assert first.data["method"] == ACKNOWLEDGED
        assert first.data["params"]["notifications"] == {"toolsListChanged": True}
        assert first.data["params"]["_meta"] == {SUBSCRIPTION: wanted["id"]}
        yield stream
