"""Supervisor: all workloads of this machine, in one place, so that ending the gateway leaves none of them behind."""

import asyncio
import os
import re

from gateway.card import Card
from gateway.records import Listed
from gateway.view import View
from local.command import Command
from local.gate import Gate
from local.home import Home
from local.logfile import LogFile
from local.orphans import Children
from local.ports import Ports
from local.replica import RENEWAL, Place
from local.workload import Workload

type Key = tuple[Listed, str]

_AT_ONCE = max(8, 4 * (os.process_cpu_count() or 1))  # processes that start at the same time


class Supervisor:
    """Runs workloads, and shows them in the view. Decides nothing about what should run."""

    def __init__(self, home: Home, view: View, ports: Ports, *, renewal: float = RENEWAL) -> None:
        self._logs = home.logs
        self._view = view
        self._children = Children(home.children)
        self._place = Place(ports, self._children, Gate(_AT_ONCE), asyncio.Event(), renewal)
        self._workloads: dict[Key, Workload] = {}

    async def end_orphans(self) -> int:
        """Ends what a crashed gateway of this home left; returns how many processes that were. To be called first."""
        return await self._children.end_orphans()

    def run(self, card: Card, command: Command) -> None:
        """Runs `command` as the card says, from now on."""
        key: Key = (card.kind, card.name)
        if key not in self._workloads:
            self._workloads[key] = Workload(card, self._view, self._place, lambda index: self._log(key, index))
        self._workloads[key].want(card, command)

    def find(self, kind: Listed, name: str) -> Workload | None:
        """The workload of a name, if one runs."""
        return self._workloads.get((kind, name))

    async def end(self, kind: Listed, name: str) -> None:
        """Ends a workload and forgets its logs: a namesake may be somebody else's. Nothing there is not an error."""
        workload = self.find(kind, name)
        if workload:
            await workload.end()
        if self.find(kind, name) is not workload:  # two ended it at once, and the name has been taken again since
            return
        self._workloads.pop((kind, name), None)
        pattern = re.compile(rf"{kind}-{name}-[0-9]+(\.previous)?\.log(\.1)?")
        for path in self._logs.iterdir():
            if pattern.fullmatch(path.name):
                path.unlink(missing_ok=True)

    def hasten(self) -> None:
        """No more asking: KILL for whatever is ending, now and from now on."""
        self._place.hurry.set()
        for workload in self._workloads.values():
            workload.hasten()

    async def close(self) -> None:
        """Ends all workloads at once, and keeps their logs. Returns when no process is left, after some 4 s at most."""
        await asyncio.gather(*(workload.end() for workload in self._workloads.values()))
        self._workloads.clear()

    def _log(self, key: Key, index: int) -> LogFile:
        return LogFile(self._logs / f"{key[0]}-{key[1]}-{index}.log")
