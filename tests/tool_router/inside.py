"""Inside: what a running Router holds on to, for tests that look for what is left behind. Changes nothing but `end_streams`."""

# Looking inside is what this module is for:
# pyright: reportPrivateUsage=false

from gateway.card import Card
from tests.tool_router.desk import Desk


def active(desk: Desk) -> int:
    """Requests under way."""
    return desk.router._active


def tasks(desk: Desk) -> int:
    """Calls of sessions, whether or not somebody waits for them."""
    return len(desk.router._legacy.tasks)


def cancellable(desk: Desk) -> int:
    """Calls of sessions that a notification would end."""
    return len(desk.router._legacy._running)


def streams(desk: Desk) -> int:
    """Open streams, as they are counted."""
    return desk.router.counters.streams


def listeners(desk: Desk) -> int:
    """Those who would be told of a change."""
    return len(desk.router._notices._listeners)


def tapped_sessions(desk: Desk) -> int:
    """Sessions that have a stream."""
    return len(desk.router._streams._sessions)


def is_behind(desk: Desk) -> bool:
    """Whether a stream has a change to tell that it cannot write yet."""
    return any(tap._changed for tap in desk.router._streams._open)


def end_streams(desk: Desk) -> None:
    """Ends them as draining does."""
    desk.router._streams.end()


def shelved(desk: Desk) -> list[Card]:
    """The cards it knows."""
    return desk.router._shelf.cards()
