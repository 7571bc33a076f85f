"""Reply: one HTTP answer, read to its end, with the ways journeys look at it."""

from typing import Any

import aiohttp
import msgspec
from multidict import CIMultiDictProxy

type Json = dict[str, Any]


class Reply(msgspec.Struct, frozen=True):
    """Status, headers and the whole body."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON; of an event stream, the last event that is a response."""
        if self.media == "text/event-stream":
            return next(event for event in reversed(self.events) if "result" in event or "error" in event)
        return msgspec.json.decode(self.body)

    @property
    def events(self) -> list[Json]:
        """The data of every server-sent event."""
        lines = self.body.decode().splitlines()
        return [msgspec.json.decode(line.removeprefix("data:")) for line in lines if line.startswith("data:")]

    @property
    def message(self) -> bytes:
        """The bytes of the one JSON-RPC message: the body, or the data of the last event that has any."""
        if self.media != "text/event-stream":
            return self.body
        events = [event for event in self.body.replace(b"\r\n", b"\n").split(b"\n\n") if b"data:" in event]
        lines = [line for line in events[-1].split(b"\n") if line.startswith(b"data:")]
        return b"\n".join(line.removeprefix(b"data:").removeprefix(b" ") for line in lines)

    @property
    def media(self) -> str:
        """The content type without its parameters."""
        return self.headers.get("Content-Type", "").partition(";")[0]

    @property
    def problem(self) -> Json:
        """The problem details (RFC 9457). Raises AssertionError where it is none, or contradicts the status line."""
        assert self.media == "application/problem+json", f"{self.status} {self.media} {self.body[:200]!r}"
        problem: Json = msgspec.json.decode(self.body)
        assert problem["status"] == self.status
        assert problem["title"]
        assert problem["type"]
        return problem

    @property
    def fields(self) -> list[str]:
        """The members, parameters or headers that a problem names."""
        return [error["field"] for error in self.problem.get("errors", [])]


async def read(response: aiohttp.ClientResponse) -> Reply:
    """The reply of a request under way."""
    return Reply(response.status, response.headers, await response.read())
