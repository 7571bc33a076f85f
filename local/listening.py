"""Who listens on a port: the child, somebody else, or nobody yet. Reads /proc; without it, believes whoever answers."""

import socket
from collections.abc import Iterable
from pathlib import Path

from local.kin import HAS_PROC, PROC, family
from local.listeners import listeners


def dial(pid: int, port: int) -> str | None:
    """The address at which `pid` or its kin listen on `port`; None while they do not.

    Without /proc: loopback, as soon as anyone at all accepts a connection there.
    """
    if not HAS_PROC:
        return "127.0.0.1" if _answers(port) else None
    there = [listener for listener in listeners() if listener.port == port]
    if not there:
        return None
    theirs = _sockets([pid])
    if not any(listener.inode in theirs for listener in there):
        theirs = _sockets(process.pid for process in family(pid))
    hosts = [listener.host for listener in there if listener.inode in theirs]
    return min(hosts, key=_preference) if hosts else None


def ports_of(pid: int) -> list[int]:
    """The ports that `pid` and its kin listen on."""
    if not HAS_PROC:
        return []
    theirs = _sockets(process.pid for process in family(pid))
    return sorted({listener.port for listener in listeners() if listener.inode in theirs})


def taken(port: int) -> bool:
    """Whether anyone listens on `port` of any address of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: without it, connections that ended a minute ago would count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))
        except OSError:
            return True
    return False


def _preference(host: str) -> int:
    return 0 if host == "127.0.0.1" else 1


def _sockets(pids: Iterable[int]) -> set[int]:
    return {inode for pid in pids for inode in _open_sockets(PROC / str(pid) / "fd")}


def _open_sockets(folder: Path) -> Iterable[int]:
    try:
        entries = list(folder.iterdir())
    except OSError:  # ended, or not ours to look at
        return
    for entry in entries:
        try:
            target = str(entry.readlink())
        except OSError:
            continue
        if target.startswith("socket:["):
            yield int(target[8:-1])


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.2):
            return True
    except OSError:
        return False
