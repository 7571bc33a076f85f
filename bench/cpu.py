"""What a process has used so far, as the kernel counts it. Pure reading; the caller subtracts."""

import os
import time
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
# The clock of a process as clock_getcpuclockid(3) makes it up from a pid. /proc counts in ticks of 10 ms.
_SCHEDULED = 2


def seconds(pid: int) -> float:
    """CPU seconds, user and system, of all threads, to the microsecond or better."""
    return time.clock_gettime(~pid << 3 | _SCHEDULED)


def resident(pid: int) -> int:
    """Resident memory in bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
