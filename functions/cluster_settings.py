"""What the deployer of a cluster can be told: read once from the environment, frozen, refused by name."""

from collections.abc import Mapping

import msgspec

from gateway.cluster.names import WORKLOAD_NAMESPACE
from gateway.env import Env


class ClusterSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`registry` stands before every image. `kubeconfig` is a path; blank: the service account of the pod we run in.
    `server` (a URL) and `authority` (PEM) stand for either where a cluster is reached by tokens. `seconds` is what one
    question to the API server may take, its body included. `page` is objects per list call."""

    registry: str
    kubeconfig: str = ""
    server: str = ""
    authority: str = ""
    namespace: str = WORKLOAD_NAMESPACE
    seconds: float = 10
    page: int = 500

    @classmethod
    def from_env(cls, variables: Mapping[str, str]) -> "ClusterSettings":
        """Reads `ContainerRegistrySettings__Endpoint`, `Kubernetes__Kubeconfig` and `Kubernetes__Seconds`. Raises SettingsError."""
        env = Env(variables)
        return cls(
            registry=env.text("ContainerRegistrySettings__Endpoint").rstrip("/"),
            kubeconfig=env.text("Kubernetes__Kubeconfig", ""),
            seconds=env.integer("Kubernetes__Seconds", 10, least=1, most=300),
        )
