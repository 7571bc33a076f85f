"""Trail: the audit lines of the router in the bench, counted. And the line to the router's process by which the bench gives orders."""

import contextlib
import socket
import tempfile
import time
from collections import Counter
from collections.abc import Generator
from pathlib import Path

import msgspec

from bench.child import HOST, Child, Failed, free_port, python

_SETTLED = 5.0  # seconds until what was cut off by the end of a load is over


class _Line(msgspec.Struct):
    result: str


class Gateway:
    """The router's process, its audit file, and an open line to it."""

    def __init__(self, child: Child, trail: Path, control: socket.socket) -> None:
        self.child = child
        self._file = trail.open("rb")
        self._control = control
        self._answers = control.makefile("rb")
        self._decode = msgspec.json.Decoder(_Line).decode

    def change(self) -> float:
        """Changes a card; when, on the clock of time.monotonic()."""
        return float(self._told(b"change"))

    def requests(self) -> int:
        """How many requests the router took up so far."""
        return int(self._told(b"requests"))

    def lines(self) -> Counter[str]:
        """The lines written since this was asked last, by result."""
        return Counter(self._decode(line).result for line in self._file)

    def calls_since(self, before: int) -> Counter[str]:
        """The lines since `lines` was asked last, when there were `before` requests. Raises Failed unless one is there for each."""
        found, deadline = self.lines(), time.monotonic() + _SETTLED
        while found.total() != self.requests() - before:
            if time.monotonic() > deadline:
                raise Failed(f"{found.total():,} audit lines for {self.requests() - before:,} calls.")
            time.sleep(0.02)  # a poll: what wrk hung up on is being cancelled
            found += self.lines()
        return found

    def close(self) -> None:
        """Hangs up."""
        self._answers.close()
        self._control.close()
        self._file.close()

    def _told(self, order: bytes) -> bytes:
        self._control.sendall(order + b"\n")
        answer = self._answers.readline()
        if not answer:
            raise Failed("the router's process is gone.")
        return answer


@contextlib.contextmanager
def gateway(upstream: int, page_size: int, *collector: str) -> Generator[Gateway]:
    """Our router in a process of its own, in front of the tool at `upstream`; `collector`: where it sends telemetry, if it does."""
    with contextlib.ExitStack() as stack:
        trail = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mcp-gateway-bench-")), "audit.jsonl")
        control = free_port()
        child = stack.enter_context(
            python("router", "bench.toolgateway", upstream, control, trail, page_size, *collector)
        )
        one = Gateway(child, trail, socket.create_connection((HOST, control), 20))
        stack.callback(one.close)
        yield one
