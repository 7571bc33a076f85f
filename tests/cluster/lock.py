"""One at a time: whoever brings a cluster up or down is alone with it. Nothing is locked while it runs."""

import fcntl
from collections.abc import Generator
from contextlib import contextmanager

from tests.cluster.layout import Layout


@contextmanager
def alone(layout: Layout) -> Generator[None]:
    """Waits for another `up` or `down` of the same cluster to end. The kernel lets go of what a crash held."""
    layout.home.parent.mkdir(parents=True, exist_ok=True)
    with layout.home.with_name(f"{layout.home.name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
