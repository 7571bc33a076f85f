"""Span: one step of a trace that is recorded, as the hot path notes it; and the Tracer that begins and ends them. Knows no SDK.

Costs a few microseconds where the SDK's own spans cost a hundred: what those are made of is made later, by the thread that sends.
"""

import asyncio
import time
from collections.abc import Callable
from random import getrandbits
from typing import Literal

import msgspec

from gateway.telemetry.context import Context

type Kind = Literal["server", "client", "internal"]
type Value = str | int | float | bool


class Span(msgspec.Struct, gc=False):
    """`begun` and `ended` are nanoseconds since 1970; `parent` is the id of another span; `error` is empty where all went well.

    `scope` is the room that noted it. Attributes never hold arguments, queries, tokens or session ids.
    """

    scope: str
    name: str
    kind: Kind
    trace: str
    id: str
    parent: str
    state: str
    begun: int
    attributes: dict[str, Value]
    ended: int = 0
    error: str = ""

    @property
    def context(self) -> Context:
        """What its children belong to."""
        return Context(self.trace, self.id, self.state)

    @property
    def traceparent(self) -> str:
        """The header for whoever is asked within this span."""
        return f"00-{self.trace}-{self.id}-01"


def cause(error: BaseException) -> str:
    """An error in a word (`error.type`): its kind, for its message may quote what was sent."""
    return "cancelled" if isinstance(error, asyncio.CancelledError) else type(error).__name__


class Tracer:
    """The spans of one room. `put` takes those that ended; it neither waits nor fails."""

    def __init__(self, scope: str, put: Callable[[Span], None]) -> None:
        self._scope = scope
        self._put = put

    def begin(self, name: str, kind: Kind, parent: Context, attributes: dict[str, Value]) -> Span:
        """A span that begins now; `end` it, whatever happens."""
        return Span(
            self._scope,
            name,
            kind,
            parent.trace,
            f"{getrandbits(64) or 1:016x}",
            parent.span,
            parent.state,
            time.time_ns(),
            attributes,
        )

    def end(self, span: Span, error: str = "") -> None:
        """It ended now. `error`: one word of what went wrong (`error.type`)."""
        span.ended = time.time_ns()
        if error:
            span.error = error
            span.attributes["error.type"] = error
        self._put(span)
