"""Express: a request that has nothing to wait for but its answer: its head and caller are known, its instance too, and a
connection to that one is kept. No task, no future, no coroutine: it is a Relay that is told of the end as well.

Whatever goes wrong goes on in a task, in the words of its leg.
"""

from collections.abc import Coroutine
from typing import Any, Protocol

from gateway.catalog import Instance
from gateway.connection import Connection
from proxy.leg import Leg
from proxy.plan import Plan
from proxy.relay import Relay
from proxy.request import Client, Request, Sent


class Line(Client, Protocol):
    """The connection a request came on, as whoever serves it sees it."""

    def over(self, keep: bool) -> None:
        """The request is answered; whether another may follow."""
        ...

    def resume(self, request: Request, serving: Coroutine[Any, Any, Sent]) -> None:
        """What is left to do for a request takes a task."""
        ...


class Front(Protocol):
    """Who counts requests."""

    def over(self, request: Request) -> None:
        """A request is over, however it ended."""
        ...

    def resumed(self, express: "Express", error: BaseException) -> Coroutine[Any, Any, Sent]:
        """Answers a request whose exchange failed, and counts it then."""
        ...


class Express(Relay):
    """One request. Fits gateway.connection.Waiter and gateway.lane.Serving."""

    __slots__ = ("_front", "_kept", "_line", "_load", "instance", "leg", "plan")

    def __init__(self, front: Front, line: Line, leg: Leg, request: Request, plan: Plan, instance: Instance) -> None:
        super().__init__(request, plan, instance.uid, leg.counters)
        self.leg = leg
        self.plan = plan
        self.instance = instance
        self._load = leg.load(instance)
        self._front = front
        self._line = line
        self._kept: Connection | None = None  # that it is sent on; None: nothing is under way

    def send(self, connection: Connection) -> None:
        """Sends it. Raises Stale or Broken where the connection is no good any more; nothing has happened then."""
        request, leg = self.request, self.leg
        connection.begin(
            self.plan.lines(self.instance, request) + request.data, self, self, request.started + leg.head_seconds
        )
        self._kept = connection
        self._load.in_flight += 1

    def done(self) -> bool:
        """See Waiter."""
        return self._kept is None

    def set_result(self, result: None, /) -> None:
        """See Waiter."""
        self._end()
        self.leg.answered(self.request, self.head_at)
        self._front.over(self.request)
        self._line.over(self.request.keep_alive)

    def set_exception(self, error: BaseException, /) -> None:
        """See Waiter."""
        self._end()
        self._line.resume(self.request, self._front.resumed(self, error))

    def cancel(self) -> None:
        """See Serving: the client is gone."""
        if (kept := self._kept) is not None:
            self._end()
            kept.abandon(self)
            self._front.over(self.request)

    def _end(self) -> None:
        self._kept = None
        self._load.in_flight -= 1
        self.end()
