"""Tells when a child has ended, at once, and leaves it unreaped: its pid, and with it its group's number, stay taken until
whoever asked has dealt with the rest of the group. Independent of the event loop's own child watching, which differs by loop.
"""

import asyncio
import os
import threading
from collections.abc import Callable

# Linux: a file descriptor that becomes readable. Elsewhere: a thread per child that waits.
HAS_PIDFD = hasattr(os, "pidfd_open")


def on_exit(pid: int, call: Callable[[], None], *, pidfd: bool = HAS_PIDFD) -> None:
    """Calls `call` once in the running event loop, as soon as the child `pid` has ended."""
    loop = asyncio.get_running_loop()
    if pidfd:
        _watch(loop, os.pidfd_open(pid), call)
    else:
        threading.Thread(target=_wait, args=(loop, pid, call), name=f"exit-{pid}", daemon=True).start()


def _watch(loop: asyncio.AbstractEventLoop, descriptor: int, call: Callable[[], None]) -> None:
    def ended() -> None:
        loop.remove_reader(descriptor)
        os.close(descriptor)
        call()

    loop.add_reader(descriptor, ended)


def _wait(loop: asyncio.AbstractEventLoop, pid: int, call: Callable[[], None]) -> None:
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    if not loop.is_closed():
        loop.call_soon_threadsafe(call)
