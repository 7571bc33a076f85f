"""Pod: what a policy may know of one, and which of its ports a rule means. Data and a pure decision."""

from collections.abc import Iterator, Sequence

import msgspec

from tests.cluster.enforcer.policy import Port


class Listener(msgspec.Struct, frozen=True):
    """A port that a container declares."""

    number: int
    protocol: str = "TCP"
    name: str = ""


class Reach(msgspec.Struct, frozen=True):
    """Ports of one protocol. Blank: every protocol; None: every port."""

    protocol: str = ""
    ports: tuple[int, int] | None = None

    def covers(self, listener: Listener) -> bool:
        """Whether packets to the listener are meant."""
        first, last = self.ports or (0, 65535)
        return self.protocol in ("", listener.protocol) and first <= listener.number <= last


class Pod(msgspec.Struct, frozen=True):
    """A pod with an address. `only`: nothing but its listeners can be reached (a process that stands for a pod)."""

    namespace: str
    name: str
    address: str
    labels: dict[str, str] = {}
    listeners: tuple[Listener, ...] = ()
    only: bool = False


def reaches(ports: Sequence[Port], pod: Pod | None) -> list[Reach]:
    """What a rule's ports come to where `pod` listens. None: some address, which has no names for its ports."""
    meant = [reach for port in ports for reach in _resolved(port, pod)] if ports else [Reach()]
    if pod is None or not pod.only:
        return meant
    reachable = [one for one in pod.listeners if any(reach.covers(one) for reach in meant)]
    return [Reach(one.protocol, (one.number, one.number)) for one in reachable]


def _resolved(port: Port, pod: Pod | None) -> Iterator[Reach]:
    match port.port:
        case None:
            yield Reach(port.protocol)
        case int(number):
            yield Reach(port.protocol, (number, port.end_port or number))
        case str(name):
            for one in pod.listeners if pod else ():
                if (one.name, one.protocol) == (name, port.protocol):
                    yield Reach(one.protocol, (one.number, one.number))
