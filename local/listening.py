"""Who listens on a port: the child, somebody else, or nobody yet. Reads /proc; without it, believes whoever answers."""

import ipaddress
import socket
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec

from local.kin import HAS_PROC, PROC, family

_LISTENING = ":0000 0A "  # no port on the other side, and the state LISTEN (Linux, include/net/tcp_states.h)


class Listener(msgspec.Struct, frozen=True):
    """A listening socket: the address to dial it at, and its inode."""

    host: str
    port: int
    inode: str


def dial(pid: int, port: int) -> str | None:
    """The address at which `pid` or its kin listen on `port`; None while they do not.

    Without /proc: loopback, as soon as anyone at all accepts a connection there.
    """
    if not HAS_PROC:
        return "127.0.0.1" if _answers(port) else None
    there = [listener for listener in _listeners() if listener.port == port]
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
    return sorted({listener.port for listener in _listeners() if listener.inode in theirs})


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


def _listeners() -> list[Listener]:
    return [listener for name in ("tcp", "tcp6") for listener in _table(PROC / "net" / name)]


def _table(path: Path) -> Iterable[Listener]:
    try:
        lines = path.read_text().splitlines()[1:]
    except OSError:  # no tcp6 where IPv6 is switched off
        return
    for line in lines:
        if _LISTENING in line:  # before the line is taken apart: most are connections
            fields = line.split()
            address, _, port = fields[1].partition(":")
            yield Listener(_host(address), int(port, 16), fields[9])


def _host(address: str) -> str:
    # Words of 32 bits in the machine's own order, each as hex.
    words = [int(address[i : i + 8], 16).to_bytes(4, sys.byteorder) for i in range(0, len(address), 8)]
    found = ipaddress.ip_address(b"".join(words))
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    if not found.is_unspecified:
        return str(found)
    return "127.0.0.1" if found.version == 4 else "::1"  # `::` need not accept IPv4, but always accepts itself


def _preference(host: str) -> int:
    return 0 if host == "127.0.0.1" else 1


def _sockets(pids: Iterable[int]) -> set[str]:
    return {inode for pid in pids for inode in _open_sockets(PROC / str(pid) / "fd")}


def _open_sockets(folder: Path) -> Iterable[str]:
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
            yield target[8:-1]


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.2):
            return True
    except OSError:
        return False
