"""The cgroup that all of the cluster's pods are below, in every hierarchy there is: version 1, 2 or both."""

import os
from collections.abc import Iterator
from pathlib import Path

from tests.cluster.layout import Layout


def make(layout: Layout) -> None:
    """Makes it: the kubelet wants to find it. Raises OSError."""
    for folder in _folders(layout):
        folder.mkdir(exist_ok=True)


def remove(layout: Layout) -> None:
    """Removes it with all below, once no process is in it. Raises OSError while one is."""
    for top in _folders(layout):
        for folder, _, _ in os.walk(top, topdown=False):
            Path(folder).rmdir()


def _folders(layout: Layout) -> Iterator[Path]:
    """One per hierarchy; two controllers mounted together are one."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        described, _, kind = line.partition(" - ")
        if kind.split()[0] in ("cgroup", "cgroup2"):
            yield Path(described.split()[4]) / layout.name
