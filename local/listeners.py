"""The listening TCP sockets of this machine (Linux): asked of the kernel by netlink, or read from /proc where that is not allowed.

Netlink first: /proc/net/tcp walks the table of all connections, 6 ms a look, and a start takes many looks.
"""

import ipaddress
import socket
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec

_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_LISTEN = 10  # TCP_LISTEN, include/net/tcp_states.h

# sock_diag(7): `nlmsghdr`, then `inet_diag_req_v2` in the question and `inet_diag_msg` in each answer.
_NETLINK_SOCK_DIAG, _BY_FAMILY, _DUMP, _NLMSG_ERROR = 4, 20, 0x301, 2
_HEADER = struct.Struct("=IHHII")  # length, type, flags, number, sender
_QUESTION = struct.Struct("=BBBBI48x")  # family, protocol, extensions, -, states
_ANSWER = struct.Struct("=B3x2s2x16s28x16xI")  # family, port, address, inode


class Listener(msgspec.Struct, frozen=True):
    """A listening socket: the address to dial it at, and its inode."""

    host: str
    port: int
    inode: int


def listeners() -> list[Listener]:
    """All of them, IPv4 and IPv6."""
    try:
        return [*_asked(socket.AF_INET), *_asked(socket.AF_INET6)]
    except OSError:
        return listeners_of_proc()


def listeners_of_proc() -> list[Listener]:
    """The same, from /proc."""
    return [listener for table in _TABLES for listener in _read(table)]


def _asked(family: socket.AddressFamily) -> Iterable[Listener]:
    question = _QUESTION.pack(family, socket.IPPROTO_TCP, 0, 0, 1 << _LISTEN)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as kernel:
        kernel.send(_HEADER.pack(_HEADER.size + len(question), _BY_FAMILY, _DUMP, 0, 0) + question)
        while True:
            answers = kernel.recv(65536)
            while answers:
                length, kind, *_ = _HEADER.unpack_from(answers)
                if kind != _BY_FAMILY:  # the end, or an error
                    if kind == _NLMSG_ERROR:
                        raise OSError("the kernel refuses sock_diag")
                    return
                yield _listener(answers[_HEADER.size : length])
                answers = answers[(length + 3) & ~3 :]


def _listener(answer: bytes) -> Listener:
    family, port, address, inode = _ANSWER.unpack_from(answer)
    raw = address[:4] if family == socket.AF_INET else address
    return Listener(_dialled(raw), int.from_bytes(port, "big"), inode)


def _read(table: Path) -> Iterable[Listener]:
    try:
        lines = table.read_text().splitlines()[1:]
    except OSError:  # no tcp6 where IPv6 is switched off
        return
    for fields in map(str.split, lines):
        if int(fields[3], 16) == _LISTEN:
            address, _, port = fields[1].partition(":")
            # Words of 32 bits in the machine's own order, each as hex.
            words = (int(address[i : i + 8], 16).to_bytes(4, sys.byteorder) for i in range(0, len(address), 8))
            yield Listener(_dialled(b"".join(words)), int(port, 16), int(fields[9]))


def _dialled(address: bytes) -> str:
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    if not found.is_unspecified:
        return str(found)
    return "127.0.0.1" if found.version == 4 else "::1"  # `::` need not accept IPv4, but always accepts itself
