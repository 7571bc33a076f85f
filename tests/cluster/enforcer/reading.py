"""Reading: objects of the API as the words of a World. Decoding only; what is not listed here does not matter."""

import msgspec

from tests.cluster.enforcer.pod import Listener, Pod
from tests.cluster.enforcer.policy import Policy, Spec

_OVER = ("Succeeded", "Failed")  # such a pod's address may be another's already


class Metadata(msgspec.Struct, frozen=True, rename="camel"):
    """`namespace` is blank where there is none."""

    name: str
    namespace: str = ""
    labels: dict[str, str] = {}

    @property
    def key(self) -> str:
        return f"{self.namespace}/{self.name}"


class _Port(msgspec.Struct, rename="camel"):
    container_port: int
    protocol: str = "TCP"
    name: str = ""


class _Container(msgspec.Struct):
    ports: tuple[_Port, ...] = ()


class _PodSpec(msgspec.Struct, rename="camel"):
    containers: tuple[_Container, ...] = ()
    init_containers: tuple[_Container, ...] = ()
    host_network: bool = False


class _PodStatus(msgspec.Struct, rename={"ip": "podIP", "phase": "phase"}):
    phase: str = ""
    ip: str = ""


class Namespace(msgspec.Struct, frozen=True):
    """As the API has it."""

    metadata: Metadata


class NetworkPolicy(msgspec.Struct, frozen=True):
    """As the API has it."""

    metadata: Metadata
    spec: Spec = Spec()

    def policy(self) -> Policy:
        return Policy(self.metadata.namespace, self.metadata.name, self.spec)


class LivePod(msgspec.Struct, frozen=True):
    """As the API has it."""

    metadata: Metadata
    spec: _PodSpec
    status: _PodStatus

    def pod(self) -> Pod | None:
        """None while it has no address of its own, and once it has ended."""
        if self.spec.host_network or not self.status.ip or self.status.phase in _OVER:
            return None
        ports = [port for part in (*self.spec.init_containers, *self.spec.containers) for port in part.ports]
        listeners = tuple(Listener(port.container_port, port.protocol, port.name) for port in ports)
        metadata = self.metadata
        return Pod(metadata.namespace, metadata.name, self.status.ip, metadata.labels, listeners)
