"""Pulse: something done again and again by a thread of its own, and once more at the end. Knows not what."""

import logging
import threading
from collections.abc import Callable

_log = logging.getLogger(__name__)


class Pulse:
    """`beat` may take long, and says whether it did what it should; `why` says what it ran into. A trouble is said once."""

    def __init__(self, name: str, beat: Callable[[], bool], why: Callable[[], str], seconds: float) -> None:
        self._name = name
        self._beat = beat
        self._why = why
        self._seconds = seconds
        self._failing = False
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"pulse of {name}", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Beats once more, as soon as the thread gets to it; `close` waits for that."""
        self._ending.set()

    def close(self, interrupt: Callable[[], None], seconds: float) -> None:
        """Waits for the last beat, so many seconds at most, then calls `interrupt`, by which a beat under way may end early."""
        self.end()
        self._thread.join(seconds)
        interrupt()

    def _run(self) -> None:
        while not self._ending.wait(self._seconds):
            self._once()
        self._once()

    def _once(self) -> None:
        try:
            done = self._beat()
        except Exception:  # noqa: BLE001 - logged; the next beat may fare better
            _log.exception("%s could not be sent", self._name)
            return
        if not done and not self._failing:
            _log.warning("%s did not arrive: %s", self._name, self._why())
        self._failing = not done
