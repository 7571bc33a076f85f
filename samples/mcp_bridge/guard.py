"""Ends the children of a bridge that was killed before it could. Imports only what a bare interpreter has.

The bridge ends its children itself. Only SIGKILL (or the kernel short of memory) leaves it no time to; then this second
process, in a session of its own, sees the pipe from the bridge close and kills the process groups named on it.
"""

import os
import signal
import subprocess
import sys


class Guard:
    """The bridge's end of the pipe. Start it before the first child."""

    def __init__(self) -> None:
        # -I -S: neither the environment nor site-packages; about 10 MB and 20 ms.
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__], stdin=subprocess.PIPE, start_new_session=True
        )

    def watch(self, group: int) -> None:
        self._say(f"+{group}\n")

    def release(self, group: int) -> None:
        self._say(f"-{group}\n")

    def close(self) -> None:
        """Ends the process, which by now has nothing left to watch. Waits at most two seconds."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(timeout=2)

    def _say(self, line: str) -> None:
        assert self._process.stdin
        try:
            # A few bytes into a pipe that is read at once: does not block the event loop.
            os.write(self._process.stdin.fileno(), line.encode())
        except BrokenPipeError:
            sys.stderr.write("the guard process is gone; children would outlive a killed bridge\n")


def keep_watch() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        (groups.add if line[0] == "+" else groups.discard)(int(line[1:]))
    for group in groups:
        try:
            os.killpg(group, signal.SIGKILL)
        except ProcessLookupError:
            continue  # it ended by itself when its standard input closed


if __name__ == "__main__":
    keep_watch()
