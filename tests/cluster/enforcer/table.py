"""Table: a world in the words of nftables, as one file that replaces the table in one step. Pure; `apply` is not.

    forward ┐                        ┌ known   who has no known address stops here
            ├ established: accepted ─┼ egress  ─ out_<address> of the pod that sends    ─ return, or drop
    input   ┘                        └ ingress ─ in_<address>  of the pod that receives ─ return, or drop

Packets to a Service have a pod's address by then: kube-proxy translates before routing. `input`: what pods send to the
node itself, where the API server and DNS are; nothing is a pod's there but the sender. What the node sends is free.
"""

import asyncio
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, collapse_addresses, ip_network

from tests.cluster.enforcer.pod import Reach
from tests.cluster.enforcer.policy import Direction
from tests.cluster.enforcer.world import Opening, World

NAME = "network_policies"
_ANY = "0.0.0.0/0"
# direction → the chains' prefix, the end that is the pod's, the other end
_WORDS: dict[Direction, tuple[str, str, str]] = {
    "Egress": ("out", "ip saddr", "ip daddr"),
    "Ingress": ("in", "ip daddr", "ip saddr"),
}


class TableError(Exception):
    """nft refused the table; the message is its own."""


def table(world: World, pods: str) -> str:
    """The file for `nft -f -`. `pods`: the CIDR that all pods' addresses are from."""
    chains = [chain for direction in _WORDS for chain in _direction(world, direction)]
    lines = [
        f"table ip {NAME}",  # so that there is one to delete
        f"delete table ip {NAME}",
        f"table ip {NAME} {{",
        *_chain("forward", [*_hook("forward"), "jump known", "jump egress", "jump ingress"]),
        *_chain("input", [*_hook("input"), "jump known", "jump egress"]),
        *_chain("known", _known(world, pods)),
        *chains,
        "}",
    ]
    return "\n".join(lines) + "\n"


async def apply(text: str) -> None:
    """Replaces the table of this network namespace in one step. Raises TableError."""
    pipe = asyncio.subprocess.PIPE
    nft = await asyncio.create_subprocess_exec("nft", "-f", "-", stdin=pipe, stderr=pipe)
    _, said = await nft.communicate(text.encode())
    if nft.returncode != 0:
        raise TableError(said.decode())


def _hook(name: str) -> list[str]:
    # After kube-proxy's own filters, which are at 0.
    return [f"type filter hook {name} priority 10; policy accept;", "ct state established,related accept"]


def _known(world: World, pods: str) -> list[str]:
    """Stops who is in the pods' range and no known pod, at either end. A pod's way to itself is nobody's business."""
    addresses = sorted({pod.address for pod in world.pods if not pod.only})
    if not addresses:
        return [f"{end} {pods} counter drop" for end in ("ip saddr", "ip daddr")]
    known, selves = _set(addresses), _set(f"{one} . {one}" for one in addresses)
    strangers = [f"{end} {pods} {end} != {known} counter drop" for end in ("ip saddr", "ip daddr")]
    return [f"ip saddr . ip daddr {selves} accept", *strangers]


def _direction(world: World, direction: Direction) -> list[str]:
    """The chain that finds the pod's own chain, and those."""
    prefix, own, other = _WORDS[direction]
    verdicts, chains = list[str](), list[str]()
    for pod in world.pods:
        openings = world.openings(pod, direction)
        if openings is None or pod.only:
            continue
        name = f"{prefix}_{pod.address.replace('.', '_')}"
        verdicts.append(f"{pod.address} : jump {name}")
        chains += [f"# {pod.namespace}/{pod.name}", *_chain(name, [*_rules(openings, other), "counter drop"])]
    return [*chains, *_chain(direction.lower(), [f"{own} vmap {_set(verdicts)}"] if verdicts else [])]


def _rules(openings: Sequence[Opening], other: str) -> list[str]:
    return list(dict.fromkeys(rule for opening in openings if (rule := _rule(opening, other))))


def _rule(opening: Opening, other: str) -> str:
    """`return`: the other direction has its say yet. Blank where nothing is let through."""
    words = list[str]()
    if opening.addresses is not None:
        wanted = _merged(opening.addresses)
        if not wanted:
            return ""
        words += [] if wanted == [_ANY] else [f"{other} {_set(wanted)}"]
    if opening.excluded:
        words.append(f"{other} != {_set(_merged(opening.excluded))}")
    return " ".join([*words, *_port(opening.reach), "return"])


def _port(reach: Reach) -> list[str]:
    protocol = reach.protocol.lower()
    if reach.ports:
        first, last = reach.ports
        return [f"{protocol} dport {first}" + (f"-{last}" if last != first else "")]
    return [f"meta l4proto {protocol}"] if protocol else []


def _merged(blocks: Iterable[str]) -> list[str]:
    """The IPv4 blocks, none within another: nftables refuses sets that overlap."""
    networks = [ip_network(block, strict=False) for block in blocks]
    merged = collapse_addresses(network for network in networks if isinstance(network, IPv4Network))
    return [network.with_prefixlen.removesuffix("/32") for network in merged]


def _chain(name: str, rules: Iterable[str]) -> list[str]:
    return [f"chain {name} {{", *(f"  {rule}" for rule in rules), "}"]


def _set(elements: Iterable[str]) -> str:
    return "{ " + ", ".join(elements) + " }"
