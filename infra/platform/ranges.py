"""Ranges: the addresses a NetworkPolicy may name, and those that workloads must never reach. Arithmetic only, IPv4 only.

IPv6 destinations are therefore denied wherever a policy speaks of addresses.
"""

from collections.abc import Iterable
from ipaddress import IPv4Network, collapse_addresses

from infra.platform.names import Manifest

ANYWHERE = IPv4Network("0.0.0.0/0")
# Instance metadata and its credentials: AWS, Azure, Google and others at 169.254.169.254 or near it; Azure's host agent.
METADATA = (IPv4Network("169.254.0.0/16"), IPv4Network("168.63.129.16/32"))
# Not on the internet (RFC 6890, RFC 5771): pods, Services, nodes and whatever else is private live here.
PRIVATE = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)


def block(allowed: IPv4Network, never: Iterable[IPv4Network] = ()) -> Manifest:
    """The ipBlock of `allowed` without `never`. Raises ValueError where nothing would be left."""
    excluded = list(collapse_addresses(network for network in never if network.overlaps(allowed)))
    if any(allowed.subnet_of(network) for network in excluded):
        raise ValueError(f"{allowed} lies within {', '.join(map(str, excluded))}, which stays out of reach")
    if not excluded:
        return {"ipBlock": {"cidr": str(allowed)}}
    return {"ipBlock": {"cidr": str(allowed), "except": [str(network) for network in excluded]}}
