"""Where the bridge may connect to: anywhere but where clouds keep a machine's own credentials. Looks at addresses, not at names.

Internal servers are what a bridge is for, so private networks and this machine are allowed; what an address serves
there is for network rules to say. Names are judged by what they resolve to, at every connection: a name that changes its mind
(DNS rebinding) is judged again.
"""

import errno
import ipaddress
import socket
from typing import Any

# Link-local networks (RFC 3927, RFC 4291 §2.5.6), where metadata services are, and those that are elsewhere: of AWS and Google
# over IPv6, of Alibaba Cloud, and the host that Azure's machines get their certificates from.
_FORBIDDEN = tuple(
    map(
        ipaddress.ip_network,
        (
            *("169.254.0.0/16", "fe80::/10"),
            *("fd00:ec2::254/128", "fd20:ce::254/128", "100.100.100.200/32", "168.63.129.16/32"),
        ),
    )
)
# Addresses that lead to an IPv4 address inside them (RFC 6052, RFC 3056, RFC 4291 §2.5.5.1).
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")


class Unreachable(OSError):
    """An address that nobody is connected to."""


def refuse_forbidden(address: str) -> None:
    """Raises Unreachable for an address of a metadata service, however it is written; nothing for what is no address."""
    try:
        found = ipaddress.ip_address(address.strip("[]").partition("%")[0])
    except ValueError:
        return
    for meant in (found, *_inside(found)):
        if any(meant in network for network in _FORBIDDEN if network.version == meant.version):
            why = f"{address} is link-local or a metadata service: the bridge does not connect to it"
            raise Unreachable(errno.EACCES, why)


type Place = tuple[int, int, int, str, tuple[Any, ...]]  # as getaddrinfo tells it


def connecting(place: Place) -> socket.socket:
    """A socket for an address that was looked up a moment ago. Raises Unreachable."""
    family, kind, protocol, _, address = place
    refuse_forbidden(str(address[0]))
    return socket.socket(family, kind, protocol)


def _inside(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """The IPv4 addresses that an IPv6 one may stand for."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    found = [meant for meant in (address.ipv4_mapped, address.sixtofour, *(address.teredo or ())) if meant is not None]
    if address in _NAT64 or address in _COMPATIBLE:
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return found
