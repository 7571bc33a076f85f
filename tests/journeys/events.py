"""Server-sent events, one at a time, while the stream is open. A stream read to its end is a `Reply`."""

import aiohttp
import msgspec

from tests.journeys.reply import Json


class Event(msgspec.Struct, frozen=True):
    """One event: its id, if it has one, and its data as JSON."""

    id: str
    data: Json


async def event(response: aiohttp.ClientResponse) -> Event | None:
    """The next event; None at the end of the stream. Comments are passed over."""
    id, data = "", ""
    while line := (await response.content.readline()).decode():
        if line == "\n" and data:
            return Event(id, msgspec.json.decode(data))
        name, _, value = line.rstrip("\n").partition(": ")
        id = value if name == "id" else id
        data += value if name == "data" else ""
    return None
