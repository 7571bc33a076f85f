"""NetworkPolicy, networking.k8s.io/v1, as far as a policy says what is let through. Data only."""

from typing import Literal

import msgspec

from tests.cluster.enforcer.selector import Selector

type Direction = Literal["Ingress", "Egress"]


class Block(msgspec.Struct, frozen=True):
    """Addresses of `cidr` without those of `except`."""

    cidr: str
    excluded: tuple[str, ...] = msgspec.field(name="except", default=())


class Peer(msgspec.Struct, frozen=True, rename="camel"):
    """Who is at the other end: pods by their labels and their namespace's, or addresses."""

    pod_selector: Selector | None = None
    namespace_selector: Selector | None = None
    ip_block: Block | None = None


class Port(msgspec.Struct, frozen=True, rename="camel"):
    """A port by number or by the name it has in the pod that listens; neither: all ports of the protocol."""

    protocol: str = "TCP"
    port: int | str | None = None
    end_port: int | None = None


class Rule(msgspec.Struct, frozen=True):
    """No peers: everybody. No ports: every port of every protocol. `from` and `to` never come together."""

    sources: tuple[Peer, ...] = msgspec.field(name="from", default=())
    targets: tuple[Peer, ...] = msgspec.field(name="to", default=())
    ports: tuple[Port, ...] = ()

    @property
    def peers(self) -> tuple[Peer, ...]:
        return self.sources or self.targets


class Spec(msgspec.Struct, frozen=True, rename="camel"):
    """No types: ingress, and egress where the policy has rules for it."""

    pod_selector: Selector = Selector()
    policy_types: tuple[Direction, ...] = ()
    ingress: tuple[Rule, ...] = ()
    egress: tuple[Rule, ...] = ()

    def rules(self, direction: Direction) -> tuple[Rule, ...] | None:
        """What it lets through that way; None: it does not speak of that way."""
        types = self.policy_types or (("Ingress", "Egress") if self.egress else ("Ingress",))
        if direction not in types:
            return None
        return self.ingress if direction == "Ingress" else self.egress


class Policy(msgspec.Struct, frozen=True):
    """A policy speaks of the pods of its own namespace."""

    namespace: str
    name: str
    spec: Spec
