"""Strikes: the ends that no process prepares for."""

import os
import signal
from pathlib import Path

from gateway.cluster.names import PLATFORM_NAMESPACE
from tests.cluster.platform import Platform


def kill(platform: Platform, pod: str, namespace: str = PLATFORM_NAMESPACE) -> None:
    """SIGKILL to every process of a pod's containers; where they are on another machine, its deletion without any grace."""
    if not platform.is_own:
        platform.kube.delete_pod(pod, namespace, grace=0)
        return
    struck = [pid for pid in _processes() if f"HOSTNAME={pod}".encode() in _environment(pid)]
    assert struck, f"no process of {pod}"
    for pid in struck:
        os.kill(pid, signal.SIGKILL)


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _environment(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:  # it has ended meanwhile
        return []
