"""The audit trail: what the event of a tool call costs the request that it tells of. Prints JSON last.

    ./uvw run python -m bench.audit [--events 20000]

To nothing: what making a line costs; to a file, as locally; and with a collector besides, as far as the request pays: the
sending is a thread's, and its CPU is told apart. The collector is the tests' own, in a process of its own.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from gateway.audit import Audit
from gateway.identity import principal
from gateway.telemetry.exporting import exporting
from local.audit_file import audit_file

LINE_US, EXPORTED_US = 10.0, 15.0  # the targets
_ROUNDS = 7
_BATCH = 4000  # fewer than the outbox holds, so that none is refused
_CALLER = principal("5f0e3a50-5b6c-4c0e-9d7e-0d6f3f1f7a11", "Alice", ["team"])
_COLLECTOR = """
import sys
from tests.fakes.collector import Collector
with Collector() as collector:
    print(collector.url, flush=True)
    sys.stdin.read()
"""


class Figures(msgspec.Struct, frozen=True):
    """CPU of the calling thread in µs per event, the best of several rounds; `sending_us` is the CPU of the thread that sends."""

    made_us: float
    written_us: float
    exported_us: float
    sending_us: float


def main() -> None:
    """Exits 1 where a target was missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=20_000)
    events: int = parser.parse_args().events
    with tempfile.TemporaryDirectory() as folder, audit_file(Path(folder) / "audit.log") as write:
        made, written = _cost(Audit(_nowhere), events), _cost(Audit(write), events)
        with _collector() as url, exporting({"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": f"{url}/v1/logs"}) as telemetry:
            exported, sending = _exported(Audit(write, telemetry.export))
    found = Figures(*(round(figure, 2) for figure in (made, written, exported, sending)))
    print(f"a line: {made:.1f} µs made, {written:.1f} µs written (≤ {LINE_US:g})")
    print(f"with a collector: {exported:.1f} µs (≤ {EXPORTED_US:g}), and {sending:.1f} µs of a thread of its own")
    print(msgspec.json.encode(found).decode())
    sys.exit(0 if written <= LINE_US and exported <= EXPORTED_US else 1)


def _cost(audit: Audit, events: int) -> float:
    return min(_spent(audit, events, time.thread_time) for _ in range(_ROUNDS)) / events * 1e6


def _spent(audit: Audit, events: int, clock: Callable[[], float]) -> float:
    began = clock()
    for _ in range(events):
        audit.tool_call(_CALLER, "weather-tool", "ok", 0.00123, "0123456789abcdef0123456789abcdef")
    return clock() - began


def _exported(audit: Audit) -> tuple[float, float]:
    """Of this thread, and of the one that sends, which is waited for after each round."""
    best = (float("inf"), float("inf"))
    for _ in range(_ROUNDS):
        all_before, before = time.process_time(), time.thread_time()
        _spent(audit, _BATCH, time.thread_time)
        mine = time.thread_time() - before
        time.sleep(2.5)  # the outbox is emptied once a second; nothing tells when
        rest = time.process_time() - all_before - mine
        best = min(best, (mine / _BATCH * 1e6, rest / _BATCH * 1e6))
    return best


@contextmanager
def _collector() -> Generator[str]:
    with subprocess.Popen(
        [sys.executable, "-c", _COLLECTOR], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        yield process.stdout.readline().strip()
        process.communicate(timeout=10)


def _nowhere(line: bytes) -> None:
    del line


if __name__ == "__main__":
    main()
