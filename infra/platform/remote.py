"""Remote: how a NetworkPolicy names a server that is known by its URL. No policy can name a host: its address, its
namespace, or the internet is what comes closest. Arithmetic on text only; resolves nothing."""

import re
from collections.abc import Iterable, Sequence
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from urllib.parse import urlsplit

from infra.platform.names import NAMESPACE_LABEL, Manifest
from infra.platform.ranges import ANYWHERE, METADATA, PRIVATE, block

_SERVICE = re.compile(r"[a-z0-9.-]+\.([a-z0-9-]+)\.svc(\.[a-z0-9.-]+)?")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def port_of(url: str) -> int:
    """The port of a checked URL."""
    parts = urlsplit(url)
    return parts.port or _DEFAULT_PORTS[parts.scheme]


def peers(urls: Iterable[str], ranges: Sequence[IPv4Network], never: Iterable[IPv4Network]) -> list[Manifest]:
    """`ranges` where they are given. Else an address stands for itself, a Service for its namespace, and any other name for
    the internet, but for `never`."""
    if ranges:
        return [block(network, METADATA if network == ANYWHERE else ()) for network in ranges]
    found: list[Manifest] = []
    for url in urls:
        peer = _peer(urlsplit(url).hostname or "", never)
        if peer not in found:
            found.append(peer)
    return found


def _peer(host: str, never: Iterable[IPv4Network]) -> Manifest:
    if service := _SERVICE.fullmatch(host):
        return {"namespaceSelector": {"matchLabels": {NAMESPACE_LABEL: service[1]}}}
    try:
        return block(IPv4Network(IPv4Address(host)))
    except AddressValueError:
        return block(ANYWHERE, (*PRIVATE, *METADATA, *never))
