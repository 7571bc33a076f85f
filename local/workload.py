"""Workload: an adapter or a tool as it runs here. Brings what runs to what is wanted, and shows both in the catalog."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable

import msgspec

from functions.deployer import InstanceStatus, Status
from gateway.card import Card
from gateway.tasks import background
from gateway.view import View
from local.bell import Bell
from local.command import Command
from local.logfile import LogFile
from local.replica import Place, Replica


class Workload:
    """Instances are counted from 0. All methods but `end` return at once; the work goes on behind them."""

    def __init__(self, card: Card, view: View, place: Place, log: Callable[[int], LogFile]) -> None:
        self.card = card
        self._view = view
        self._place = place
        self._new_log = log
        self._logs: dict[int, LogFile] = {}
        self._command: Command | None = None
        self._slots: dict[int, Replica] = {}
        self._coming: dict[int, Replica] = {}  # changed, not yet in the place of the one in the slot
        self._leaving: set[Replica] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._rolling: asyncio.Task[None] | None = None
        self._bell = Bell()
        self._dropped = False

    def want(self, card: Card, command: Command) -> None:
        """The card is in force when this returns. Only a changed command restarts instances, a changed number only the difference."""
        self.card, self._command = card, command
        self._publish()
        for index in [index for index in self._slots if index >= card.replicas]:
            self._retire(self._slots.pop(index))
        for index in range(card.replicas):
            if index not in self._slots:
                self._slots[index] = self._start(index, command)
        self._publish()
        if self._outdated() is not None and (self._rolling is None or self._rolling.done()):
            self._rolling = self._keep(self._roll(), "rolling update")

    async def end(self) -> None:
        """Unlisted at once; returns when no process is left."""
        self._dropped = True
        self._view.drop(self.card.kind, self.card.name)
        for replica in (*self._slots.values(), *self._coming.values()):
            self._retire(replica)
        self._slots.clear()
        self._bell.ring()
        while self._tasks:
            await asyncio.wait(self._tasks)

    def hasten(self) -> None:
        """KILL for everything that is still ending."""
        for replica in self._leaving:
            replica.kill()

    def status(self) -> Status:
        """What runs now."""
        instances = [self._instance(index) for index in sorted(self._slots)]
        ready = sum(instance.ready for instance in instances)
        wanted = self.card.replicas
        return Status(
            ready_replicas=ready,
            updated_replicas=sum(replica.command == self._command for replica in self._slots.values()),
            available_replicas=ready,
            image=self._command.image if self._command else "",
            replica_status="Healthy" if ready == wanted else f"Degraded: {ready}/{wanted} ready",
            instances=instances,
        )

    def log(self, index: int) -> LogFile | None:
        """The log of an instance there is."""
        return self._log(index) if index in self._slots else None

    async def _roll(self) -> None:
        while (index := self._outdated()) is not None and self._command:
            await self._renew(index, self._command)

    async def _renew(self, index: int, command: Command) -> None:
        """The new one first, then the old one goes: while one can serve, there is no gap. Bounded: a PUT takes effect."""
        new = self._coming[index] = self._start(index, command)

        def overtaken() -> bool:
            return self._command != command or index not in self._slots

        await self._bell.until(lambda: new.ready or new.failed or overtaken(), self._place.renewal)
        del self._coming[index]
        if overtaken():
            await self._retire(new)
        else:
            old, self._slots[index] = self._slots[index], new
            await self._retire(old)

    def _outdated(self) -> int | None:
        return next((index for index, replica in self._slots.items() if replica.command != self._command), None)

    def _start(self, index: int, command: Command) -> Replica:
        return Replica(
            f"{self.card.kind} {self.card.name}, instance {index}",
            command,
            self._log(index),
            self._place,
            self._publish,
        )

    def _retire(self, replica: Replica) -> asyncio.Task[None]:
        self._leaving.add(replica)
        replica.leave()
        return self._keep(self._gone(replica), "end of a replica")

    async def _gone(self, replica: Replica) -> None:
        await replica.gone()
        self._leaving.discard(replica)
        self._publish()

    def _keep(self, work: Coroutine[None, None, None], what: str) -> asyncio.Task[None]:
        task = background(work, f"{what} of {self.card.kind} {self.card.name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _log(self, index: int) -> LogFile:
        if index not in self._logs:
            self._logs[index] = self._new_log(index)
        return self._logs[index]

    def _instance(self, index: int) -> InstanceStatus:
        old, new = self._slots[index], self._coming.get(index, self._slots[index])
        ready = old.ready or new.ready
        return InstanceStatus(index, ready, new.restarts, "" if ready else new.reason)

    def _publish(self) -> None:
        self._bell.ring()
        if self._dropped:
            return
        kind, name = self.card.kind, self.card.name
        alive = [*self._slots.values(), *self._coming.values(), *self._leaving]
        self._view.put_card(_stated(self.card, [*self._slots.values(), *self._coming.values()]))
        self._view.put_instances(kind, name, [replica.instance for replica in alive if replica.instance])


def _stated(card: Card, replicas: Iterable[Replica]) -> Card:
    """The card, saying `failed` while not one of its instances has a prospect of serving."""
    reasons = [replica.reason if replica.failed else "" for replica in replicas]
    if not reasons or not all(reasons):
        return card
    return msgspec.structs.replace(card, state="failed", reason=reasons[0])
