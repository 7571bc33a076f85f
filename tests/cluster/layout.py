"""Layout: the addresses, names and folders of one cluster on this machine. Reads the environment; touches nothing else.

CLUSTER_NUMBER=123                        all addresses are made of it: 10.123.0.0/30 joins the machine and the node,
                                          10.124.0.0/16 are the pods, 10.125.0.0/16 the services. Another number where
                                          these are taken, or for a second cluster beside the first.
CLUSTER_HOME=/run/mcp-gateway-cluster     all state; gone after `down`
"""

import os
from pathlib import Path
from typing import Self

import msgspec

NUMBER = 123
HOME = Path("/run/mcp-gateway-cluster")
CLONE = Path(__file__).parents[2]
NODE = "node"  # the node's name
DOMAIN = "cluster.local"


class Layout(msgspec.Struct, frozen=True):
    """Where everything is. `home` must be short: Unix sockets below it have paths of at most 107 bytes.

    `name`: of the network namespace, the top cgroup and the pods' network; whatever carries it is the cluster's.
    """

    number: int
    home: Path

    @classmethod
    def from_env(cls) -> Self:
        """Raises ValueError, naming the variable, for a number that leaves no room for three networks."""
        given = os.environ.get("CLUSTER_NUMBER", str(NUMBER))
        number = int(given) if given.isdecimal() else 0
        if not 1 <= number <= 253:
            raise ValueError(f"CLUSTER_NUMBER: `{given}` is not a number between 1 and 253")
        home = HOME if number == NUMBER else HOME.with_name(f"{HOME.name}-{number}")
        return cls(number, Path(os.environ.get("CLUSTER_HOME", home)))

    @property
    def env(self) -> dict[str, str]:
        """The environment in which `from_env` gives this one."""
        return {"CLUSTER_NUMBER": str(self.number), "CLUSTER_HOME": str(self.home)}

    @property
    def name(self) -> str:
        return f"mcp-cluster-{self.number}"

    @property
    def namespace_file(self) -> Path:
        return Path("/run/netns") / self.name

    @property
    def links(self) -> tuple[str, str]:
        """The two ends of the cable: on the machine, in the node. At most 15 characters, as Linux wants it."""
        return f"mcp{self.number}out", f"mcp{self.number}in"

    @property
    def outside(self) -> str:
        """The machine's address on the cable: tests call from it, and the registry listens there."""
        return f"10.{self.number}.0.1"

    @property
    def node(self) -> str:
        """The node's address; its DNS server listens there too."""
        return f"10.{self.number}.0.2"

    @property
    def pods(self) -> str:
        return f"10.{self.number + 1}.0.0/16"

    @property
    def services(self) -> str:
        return f"10.{self.number + 2}.0.0/16"

    @property
    def first_service(self) -> str:
        """The address that Kubernetes gives its own API as a Service."""
        return f"10.{self.number + 2}.0.1"

    @property
    def server(self) -> str:
        return f"https://{self.node}:6443"

    @property
    def registry(self) -> str:
        return f"{self.outside}:5000"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's."""
        return self.kubeconfig_of("admin")

    def kubeconfig_of(self, user: str) -> Path:
        return self.home / "kubeconfig" / user

    @property
    def pki(self) -> Path:
        return self.home / "pki"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def containerd_socket(self) -> Path:
        return self.home / "containerd" / "containerd.sock"
