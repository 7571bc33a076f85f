"""What importing a room's `app` costs a fresh interpreter: time and memory, bytecode compiled, telemetry off."""

import statistics
import subprocess
import sys

import msgspec

from bench.child import Failed, environment

_PROGRAM = """
import time
began = time.perf_counter()
import %s
took = time.perf_counter() - began
from bench import cpu
import os
print(f'{{"ms":{took * 1000},"mb":{cpu.resident(os.getpid()) / 2**20}}}')
"""


class Cost(msgspec.Struct, frozen=True):
    """`ms` of the import statement alone; `mb` (2^20 bytes) resident in the whole interpreter after it."""

    ms: float
    mb: float


def cost(module: str = "proxy.app", runs: int = 5) -> Cost:
    """The median of several runs, after one that leaves compiled bytecode behind. Raises Failed."""
    costs = [_run(module) for _ in range(1 + runs)][1:]
    return Cost(statistics.median(c.ms for c in costs), statistics.median(c.mb for c in costs))


def _run(module: str) -> Cost:
    command = [sys.executable, "-c", _PROGRAM % module]
    ran = subprocess.run(command, capture_output=True, env=environment(), timeout=60, check=False)
    if ran.returncode:
        raise Failed(f"import {module}: {ran.stderr.decode(errors='replace')}")
    return msgspec.json.decode(ran.stdout, type=Cost)
