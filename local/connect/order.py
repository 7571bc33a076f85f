"""Who waits for whom: `initialize` and `notifications/initialized` before all that comes later, notifications one after another."""

import asyncio
from collections.abc import Iterable
from types import TracebackType


class Place:
    """`async with place`: inside once those before it are done."""

    def __init__(self, before: Iterable[asyncio.Event]) -> None:
        self._before = tuple(before)
        self.done = asyncio.Event()

    async def __aenter__(self) -> None:
        try:
            for event in self._before:
                await event.wait()
        except asyncio.CancelledError:
            self.done.set()
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.done.set()


class Order:
    """Hands out places in the order of the lines. A client may send them all at once; HTTP would mix them up."""

    def __init__(self) -> None:
        self._opened = _done()
        self._noted = _done()

    def opening(self) -> Place:
        """Everything later waits for it."""
        place = Place((self._opened, self._noted))
        self._opened = place.done
        return place

    def notification(self) -> Place:
        """Waits for the one before."""
        place = Place((self._opened, self._noted))
        self._noted = place.done
        return place

    def any(self) -> Place:
        """Waits for the opening only: a request, a response, or a cancellation must not be held up."""
        return Place((self._opened,))


def _done() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event
