"""What a process has used so far, as the kernel counts it (proc(5)). Pure reading; the caller subtracts."""

import os
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def seconds(pid: int) -> float:
    """CPU seconds, user and system, of all threads. The kernel's tick is usually 10 ms."""
    # The second field is the program's name in parentheses and may hold anything: fields count from behind it.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    utime, stime = int(fields[11]), int(fields[12])
    return (utime + stime) / _TICK


def resident(pid: int) -> int:
    """Resident memory in bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
