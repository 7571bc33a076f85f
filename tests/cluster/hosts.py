"""Hosts: a node and what is around it, each in a network namespace of its own, for tests with real packets. Needs root.

Nothing leaves the machine, or even these namespaces: they have no way out.
"""

import itertools
import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager

import msgspec

PATIENCE = 0.5  # seconds for a packet to come through; a refusal is silence
# Accepts on the port for ever, once it has said so; or sends one datagram back.
_LISTEN = """
import socket, sys
server = socket.create_server((sys.argv[1], int(sys.argv[2])))
print(flush=True)
while True:
    server.accept()[0].close()
"""
_DIAL = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), float(sys.argv[3])).close()"


class Hosts(msgspec.Struct, frozen=True):
    """`addresses` by host; the node has the first of each host's network, and is called `node`."""

    prefix: str
    addresses: dict[str, str]

    def on(self, host: str, *command: str) -> list[str]:
        """The command line that runs there."""
        return ["nsenter", f"--net=/run/netns/{self.prefix}{host}", *command]

    def reaches(self, source: str, target: str, port: int) -> bool:
        """Whether a connection opens. `target`: a host, or an address."""
        address = self.addresses.get(target, target)
        dial = self.on(source, sys.executable, "-S", "-c", _DIAL, address, str(port), str(PATIENCE))
        return subprocess.run(dial, check=False, stderr=subprocess.DEVNULL).returncode == 0

    @contextmanager
    def listening(self, host: str, port: int) -> Generator[None]:
        """A server on the host's port, on all its addresses."""
        listen = self.on(host, sys.executable, "-S", "-c", _LISTEN, "0.0.0.0", str(port))
        with subprocess.Popen(listen, stdout=subprocess.PIPE) as server:
            assert server.stdout
            server.stdout.readline()
            yield
            server.kill()

    def load(self, table: str) -> None:
        """Has the node's nftables take a file. Raises AssertionError with what nft says."""
        done = subprocess.run(
            self.on("node", "nft", "-f", "-"), check=False, input=table, text=True, capture_output=True
        )
        assert done.returncode == 0, done.stderr


@contextmanager
def hosts(addresses: dict[str, str]) -> Generator[Hosts]:
    """The node and the hosts with these addresses, a cable from each to the node, gone afterwards."""
    prefix = f"mcp-{os.getpid()}-"
    made = Hosts(prefix, addresses)
    try:
        _ip("netns", "add", f"{prefix}node")
        _run(made.on("node", "ip", "link", "set", "lo", "up"))
        _run(made.on("node", "sysctl", "-q", "-w", "net.ipv4.ip_forward=1"))
        for number, (host, address) in zip(itertools.count(), addresses.items(), strict=False):
            _connect(made, host, address, f"mt{os.getpid()}x{number}")
        yield made
    finally:
        for host in ("node", *addresses):
            subprocess.run(["ip", "netns", "del", f"{prefix}{host}"], check=False, stderr=subprocess.DEVNULL)


def _connect(made: Hosts, host: str, address: str, link: str) -> None:
    near, far = f"{made.prefix}node", f"{made.prefix}{host}"
    gateway = "169.254.1.1"  # as plug-ins do it: every pod has the node at the same address
    _ip("netns", "add", far)
    _ip("link", "add", link, "netns", near, "type", "veth", "peer", "name", "eth0", "netns", far)
    _run(made.on("node", "ip", "address", "add", f"{gateway}/32", "dev", link))
    _run(made.on("node", "ip", "link", "set", link, "up"))
    _run(made.on("node", "ip", "route", "add", address, "dev", link))
    _run(made.on(host, "ip", "address", "add", f"{address}/32", "dev", "eth0"))
    _run(made.on(host, "ip", "link", "set", "eth0", "up"))
    _run(made.on(host, "ip", "link", "set", "lo", "up"))
    _run(made.on(host, "ip", "route", "add", gateway, "dev", "eth0"))
    _run(made.on(host, "ip", "route", "add", "default", "via", gateway))


def _ip(*words: str) -> None:
    _run(["ip", *words])


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True)
