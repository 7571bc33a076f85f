"""Faults: what goes wrong next, and for which requests. It is the service that fails, before or after it did what was asked."""

import threading

import msgspec

from tests.fakes.identity_provider_http import Answer, Asked, Hangup, Respond

_LONGEST = 30.0  # seconds of a silence that nobody ends


class Fault(msgspec.Struct, frozen=True):
    """`answer` is given instead of the true one; without it the connection is cut, or, where `silent`, nothing is ever said.
    `done`: what was asked has taken effect all the same."""

    answer: Answer | None = None
    done: bool = False
    silent: bool = False


CUT = Fault()  # before anything was done
LOST = Fault(done=True)  # the answer to something that was done
SILENT = Fault(silent=True)


class _Rule:
    def __init__(self, fault: Fault, times: int, method: str, path: str) -> None:
        self.fault = fault
        self.times = times
        self._method = method
        self._path = path

    def fits(self, asked: Asked) -> bool:
        return self.times > 0 and self._method in ("", asked.method) and self._path in asked.path


class Faults:
    """Nothing, until a test says so. `met` counts the faults that came to pass."""

    def __init__(self) -> None:
        self.met = 0
        self._rules: list[_Rule] = []
        self._lock = threading.Lock()
        self._ended = threading.Event()

    def add(self, fault: Fault, times: int = 1, *, method: str = "", path: str = "") -> None:
        """For the next requests of a method whose path contains a text; blank for any."""
        self._rules.append(_Rule(fault, times, method, path))

    def end(self) -> None:
        """Nothing goes wrong any more; who was kept waiting is hung up on."""
        self._rules.clear()
        ended, self._ended = self._ended, threading.Event()
        ended.set()

    def answer(self, asked: Asked, respond: Respond) -> Answer:
        """What `respond` answers, or the fault that is due. Raises Hangup."""
        fault = self._due(asked)
        if fault is None:
            return respond(asked)
        if fault.done:
            respond(asked)
        if fault.silent:
            self._ended.wait(_LONGEST)
        if fault.answer is None or fault.silent:
            raise Hangup
        return fault.answer

    def _due(self, asked: Asked) -> Fault | None:
        with self._lock:
            rule = next((rule for rule in self._rules if rule.fits(asked)), None)
            if rule is None:
                return None
            rule.times -= 1
            self.met += 1
            return rule.fault
