"""Remains: what a cluster leaves on the machine, whether it was ended or crashed, and its removal. In any state, any time.

Only what carries the cluster's own marks goes: pids in its own files, paths below its home, and what is named after it.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tests.cluster import cgroups, network
from tests.cluster.api import ClusterError
from tests.cluster.layout import Layout
from tests.cluster.node import process_of

# The kubelet first, or it would start again what is taken down; then whoever writes; the container runtime last.
_WRITERS = ("kube-scheduler", "kube-controller-manager", "dns", "kube-apiserver")
_ORDER = ("kubelet", "enforcer", "kube-proxy", *_WRITERS, "etcd", "containerd")
_CONTAINER_LOGS = Path("/var/log/containers")  # the kubelet's links to its pods' logs, wherever those are
_REMEMBERED = Path("/var/lib/cni/results")


def remove(layout: Layout) -> None:
    """Takes everything down and away, except the registry's images and built programs. Raises ClusterError, OSError."""
    for name in _ORDER:  # nothing here has anything to save
        process_of(layout, name).stop(5, signal.SIGKILL)
    _end_containers(layout)
    _unmount(layout.home)
    network.remove(layout)
    cgroups.remove(layout)
    _remove_traces(layout)
    if layout.home.exists():
        shutil.rmtree(layout.home)


def _end_containers(layout: Layout) -> None:
    """Kills the first process of every container, with which all others go, then the shim that looked after it."""
    shims = list(_shims(layout))
    victims = [child for shim in shims for child in _children(shim)]
    for pid in [*victims, *shims]:
        _kill(pid)
    deadline = time.monotonic() + 10
    while any(_lives(pid) for pid in [*victims, *shims]):
        if time.monotonic() > deadline:
            raise ClusterError(f"these do not end: {[pid for pid in [*victims, *shims] if _lives(pid)]}")
        time.sleep(0.02)  # not our children: there is nothing to wait on


def _shims(layout: Layout) -> Iterator[int]:
    """containerd's shims of this cluster, by the socket in their arguments."""
    mark = os.fsencode(layout.containerd_socket)
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (folder / "cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended meanwhile
        if mark in arguments and b"containerd-shim" in arguments[0]:
            yield int(folder.name)


def _children(pid: int) -> list[int]:
    """Containers' first processes: each thread of the shim may be the parent of some."""
    return [int(child) for file in Path(f"/proc/{pid}/task").glob("*/children") for child in file.read_text().split()]


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):  # it may have ended by itself
        os.kill(pid, signal.SIGKILL)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _unmount(home: Path) -> None:
    """Unmounts all below the home: roots of containers, volumes, namespaces. Raises ClusterError if one stays: what is
    mounted there may be somebody else's, and the home is about to be deleted."""
    for place in sorted(_mounts(home), key=len, reverse=True):
        subprocess.run(["umount", "-l", place], check=False)
    if left := _mounts(home):
        raise ClusterError(f"still mounted: {' '.join(left)}")


def _mounts(home: Path) -> list[str]:
    places = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return [place for place in places if place.startswith(f"{home}/")]


def _remove_traces(layout: Layout) -> None:
    """What has no setting for where it is: a killed shim's socket, the kubelet's links, the plug-ins' memory of pods."""
    for task in layout.home.glob("containerd/state/io.containerd.runtime.v2.task/k8s.io/*"):
        (_REMEMBERED / f"cni-loopback-{task.name}-lo").unlink(missing_ok=True)
        for file in task.glob("address"):
            Path(file.read_text().removeprefix("unix://")).unlink(missing_ok=True)
    for file in _REMEMBERED.glob(f"{layout.name}-*"):
        file.unlink()
    for link in _CONTAINER_LOGS.glob("*"):
        if link.is_symlink() and link.readlink().is_relative_to(layout.home):
            link.unlink()
