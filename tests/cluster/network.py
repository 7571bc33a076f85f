"""The node's network: a namespace, one cable to it, and the routes by which this machine reaches pods and services.

Nothing outside is changed but that cable and two routes over it. The machine forwards no packets for the node, so
nothing in the cluster reaches any other network.
"""

import subprocess

from tests.cluster.layout import Layout
from tests.cluster.process import NSENTER


def lay(layout: Layout) -> None:
    """Makes it. Raises subprocess.CalledProcessError, also when an address or a name is taken (see Layout)."""
    outside, inside = layout.links
    _ip("netns", "add", layout.name)
    _ip("link", "add", outside, "type", "veth", "peer", "name", inside, "netns", layout.name)
    _ip("addr", "add", f"{layout.outside}/30", "dev", outside)
    _ip("link", "set", outside, "up")
    within = ("-n", layout.name)
    _ip(*within, "addr", "add", f"{layout.node}/30", "dev", inside)
    _ip(*within, "link", "set", "lo", "up")
    _ip(*within, "link", "set", inside, "up")
    _ip(*within, "route", "add", "default", "via", layout.outside)
    for network in (layout.pods, layout.services):
        _ip("route", "add", network, "via", layout.node, "dev", outside)
    # Packets between two pods on the bridge pass the hooks of nftables too: kube-proxy and the policies need it.
    settings = ("net.ipv4.ip_forward=1", "net.bridge.bridge-nf-call-iptables=1")
    _run([NSENTER, f"--net={layout.namespace_file}", "--", "sysctl", "-qw", *settings])


def laid(layout: Layout) -> bool:
    return layout.namespace_file.exists()


def remove(layout: Layout) -> None:
    """Removes what of it is there. A cable goes with either of its ends, routes go with the cable."""
    outside, _ = layout.links
    subprocess.run(["ip", "link", "del", outside], check=False, capture_output=True)
    if layout.namespace_file.exists():
        _ip("netns", "del", layout.name)


def _ip(*arguments: str) -> None:
    _run(["ip", *arguments])


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True)
