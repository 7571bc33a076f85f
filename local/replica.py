"""Replica: keeps one instance of a command running, from its start to its stop, whatever happens to the process meanwhile."""

import asyncio
import logging
import os
import signal
import time
import uuid
from collections.abc import Callable

import msgspec

from gateway.catalog import Instance
from gateway.tasks import background
from local.backoff import Backoff
from local.bell import Bell
from local.child import Child
from local.command import Command
from local.gate import Gate
from local.logfile import LogFile
from local.orphans import Children
from local.ports import NoPort, Ports
from local.readiness import until_ready

RENEWAL = 30.0
_AT_THE_GATE = 2.0  # seconds until the next may start, ready or not
PATIENCE = 5  # ends in a row without having been ready; then it is said to have failed, and tried on

_log = logging.getLogger(__name__)


class Place(msgspec.Struct, frozen=True):
    """What every instance needs of its machine. Once `hurry` is set nobody is asked to end any more, but killed.
    `renewal`: seconds that a changed instance may take to be ready before the one it replaces goes all the same."""

    ports: Ports
    notes: Children
    gate: Gate
    hurry: asyncio.Event
    renewal: float = RENEWAL


class CannotStart(Exception):
    """No process could be made of the command."""


class Replica:
    """`instance` is what the catalog shows, None while no process can serve. `changed` is called after each change."""

    def __init__(self, label: str, command: Command, log: LogFile, place: Place, changed: Callable[[], None]) -> None:
        self.command = command
        self.log = log
        self.instance: Instance | None = None
        self.restarts = 0
        self.reason = "starting"
        self.failed = False
        self._label = label
        self._place = place
        self._changed = changed
        self._child: Child | None = None
        self._waiting: asyncio.Task[None] | None = None
        self._ends = 0
        self._stopping = False
        self._bell = Bell()
        self._task = background(self._keep(), label)

    @property
    def ready(self) -> bool:
        """Whether it takes new sessions now."""
        return self.instance is not None and self.instance.ready

    def leave(self) -> None:
        """Takes no new sessions from now on, and begins to end."""
        self._stopping = True
        if self.instance:
            self._show(msgspec.structs.replace(self.instance, ready=False))
        self._bell.ring()
        self._place.gate.bell.ring()

    async def gone(self) -> None:
        """Returns when its process, and all that it started, have ended. To be called after `leave`."""
        await asyncio.wait([self._task])

    def kill(self) -> None:
        """Hastens a stop under way."""
        if self._child:
            self._child.kill()

    async def _keep(self) -> None:
        backoff = Backoff()
        while not self._stopping:
            alive = await self._live()
            await self._bell.until(lambda: self._stopping, backoff.pause(alive))
            self.restarts += 1

    async def _live(self) -> float:
        """One process, from its start to its end; how many seconds it lived. That none can be started is an end too."""
        began = time.monotonic()
        try:
            with self._place.ports.lease() as port:
                if await self._place.gate.enter(lambda: self._stopping):
                    began = time.monotonic()
                    await self._accompany(await self._begun(port))
        except (CannotStart, NoPort) as error:
            self._fell(f"cannot be started: {error}", hopeless=True)
        self._child = None
        return time.monotonic() - began

    async def _begun(self, port: int) -> Child:
        """A process that is ready, or has had its time at the gate; from then on others may start."""
        try:
            child = self._child = self._start(port)
            self._waiting = background(self._until_ready(child, port), f"readiness of {self._label}")
            await self._bell.until(lambda: child.ended or self._stopping or self.ready, _AT_THE_GATE)
        finally:
            self._place.gate.leave()
        return child

    def _start(self, port: int) -> Child:
        command, run = self.command, None
        try:
            run = self.log.begin()
            env = command.environment(os.environ, port)
            notes = self._place.notes
            return Child.start(command.argv, env, command.cwd, run=run, notes=notes, bell=self._bell)
        except OSError as error:
            cause = f"{error.strerror}: {error.filename}" if error.filename else str(error)
            if run:
                run.write(f"cannot be started: {cause}\n".encode())
                run.close()
            raise CannotStart(cause) from None

    async def _accompany(self, child: Child) -> None:
        await self._bell.until(lambda: child.ended or self._stopping)
        if self._waiting:
            self._waiting.cancel()
        if child.ended:
            self._fell(_how(child.code), self.log.last_line())
        if self._place.hurry.is_set():
            child.kill()
        await child.stop()
        self._show(None)

    async def _until_ready(self, child: Child, port: int) -> None:
        host = await until_ready(child.pid, port, self.command.probe, self._say)
        if not (child.ended or self._stopping):
            self.failed, self.reason, self._ends = False, "", 0
            # A new uid at every start: the sessions of an earlier process are gone, and the proxy must see that.
            self._show(Instance(uuid.uuid4().hex, host, port))
            self._bell.ring()

    def _fell(self, how: str, last_words: str = "", *, hopeless: bool = False) -> None:
        self._ends += 1
        if not self.failed and (hopeless or self._ends >= PATIENCE):
            self.failed = True
            _log.warning("%s has failed, and is tried on: %s", self._label, how)  # what it said last may be private
        else:
            _log.info("%s: %s", self._label, how)
        self.reason = f"{how}: {last_words}" if last_words else how
        self._show(None)

    def _say(self, reason: str) -> None:
        if self.reason != reason and not self.failed:  # why it failed is worth more than that it is tried on
            self.reason = reason
            self._changed()

    def _show(self, instance: Instance | None) -> None:
        self.instance = instance
        self._changed()


def _how(code: int) -> str:
    return f"exited with code {code}" if code >= 0 else f"ended by signal {-code} ({signal.strsignal(-code)})"
