"""Outbox: things handed over on the hot path and sent elsewhere by a thread, in batches. Knows neither what they are nor where they go.

Handing over never waits and never fails: what does not fit, and what could not be sent, is counted, and said once a minute.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

WAITING = 8192  # things kept while nobody takes them: a few megabytes
BATCH = 512
DELAY = 1.0  # seconds in which a batch may grow
END = 1.5  # seconds for what is still here at the end
QUIET = 60.0  # seconds between two sentences about what was lost

_log = logging.getLogger(__name__)


class Outbox[T]:
    """`send` takes a batch, may take long, and says whether it arrived; `why` says what it ran into last."""

    def __init__(
        self, name: str, send: Callable[[list[T]], bool], why: Callable[[], str], *, waiting: int = WAITING
    ) -> None:
        self._name = name
        self._send = send
        self._why = why
        self._most = waiting
        self._waiting: deque[T] = deque()
        self._refused = 0  # counted by whoever puts …
        self._failed = 0  # … and by the thread: no count has two writers
        self._said = 0
        self._quiet_until = 0.0
        self._under_way = 0
        self._ending = False
        self._given_up = False
        self._wanted = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"outbox of {name}", daemon=True)
        self._thread.start()

    @property
    def lost(self) -> int:
        """How many did not arrive."""
        return self._refused + self._failed

    def put(self, thing: T) -> None:
        """Takes a thing."""
        if self._ending or len(self._waiting) >= self._most:
            self._refused += 1
            return
        self._waiting.append(thing)
        if len(self._waiting) >= BATCH:
            self._wanted.set()

    def end(self) -> None:
        """Takes nothing any more and begins to send what is here; `close` waits for that."""
        self._ending = True
        self._wanted.set()

    def close(self, interrupt: Callable[[], None], seconds: float = END) -> None:
        """Sends what is here, for so many seconds at most, then calls `interrupt`, by which a `send` under way may end early."""
        self.end()
        self._thread.join(seconds)
        if self._thread.is_alive():
            self._given_up = True
            self._failed += len(self._waiting) + self._under_way
        interrupt()
        self._say()

    def _run(self) -> None:
        while not self._ending:
            self._wanted.wait(DELAY)
            self._wanted.clear()
            self._send_all()
            if time.monotonic() >= self._quiet_until:
                self._say()
        self._send_all()

    def _send_all(self) -> None:
        while self._waiting and not self._given_up:
            batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            self._under_way = len(batch)
            if not self._sent(batch) and not self._given_up:
                self._failed += len(batch)
            self._under_way = 0

    def _sent(self, batch: list[T]) -> bool:
        try:
            return self._send(batch)
        except Exception:  # noqa: BLE001 - logged and counted; the thread must live, or all that follows is lost too
            _log.exception("%s could not be sent", self._name)
            return False

    def _say(self) -> None:
        lost = self.lost
        if lost > self._said:
            _log.warning("%d %s did not arrive, %d in all: %s", lost - self._said, self._name, lost, self._why())
            self._said = lost
            self._quiet_until = time.monotonic() + QUIET
