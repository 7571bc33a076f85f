"""HomeLock: one gateway per home. The kernel lets go of it when the process ends, however it ends."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from local.home import HomeError


@contextmanager
def held(path: Path) -> Generator[None]:
    """Holds the lock file while the block runs. Raises HomeError, with the other's pid, where another process holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
            raise HomeError(
                f"{path.parent} is in use by another gateway (pid {holder}). Stop it, or choose another --home."
            ) from None
        os.truncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(descriptor)
