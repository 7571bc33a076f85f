"""Which instances a Service has, from its EndpointSlices. Pure.

A `ready` endpoint takes new sessions. One that is not keeps those it has as long as its pod may come back to them: a pod
that ends without serving any more is gone.
"""

from collections.abc import Iterable

from gateway.catalog import Instance
from gateway.cluster.names import PORT
from gateway.cluster.objects import Conditions, Endpoint, EndpointPort, EndpointSlice


def instances_of(slice: EndpointSlice) -> tuple[Instance, ...]:
    """The instances of one slice, in its order. Endpoints that are no pods are none of ours."""
    port = _port(slice.ports or [])
    if port is None or slice.address_type not in ("IPv4", "IPv6"):
        return ()
    found = (_instance(endpoint, port) for endpoint in slice.endpoints or [])
    return tuple(instance for instance in found if instance is not None)


def merged(slices: Iterable[tuple[Instance, ...]]) -> tuple[Instance, ...]:
    """The instances of all slices of a Service, by uid, each once.

    A pod is in two of them while it moves from one to the other, and where it has addresses of both families.
    """
    best: dict[str, Instance] = {}
    for instances in slices:
        for instance in instances:
            other = best.get(instance.uid)
            if other is None or _rank(instance) < _rank(other):
                best[instance.uid] = instance
    return tuple(best[uid] for uid in sorted(best))


def _instance(endpoint: Endpoint, port: int) -> Instance | None:
    if not endpoint.addresses or endpoint.target_ref is None or not endpoint.target_ref.uid:
        return None
    ready, serving = _state(endpoint.conditions)
    if endpoint.conditions.terminating and not serving:
        return None
    return Instance(endpoint.target_ref.uid, endpoint.addresses[0], port, ready)


def _state(conditions: Conditions) -> tuple[bool, bool]:
    """(ready, serving), with what is absent as https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/ says."""
    ready = conditions.ready is not False and not (conditions.ready is None and conditions.terminating)
    serving = ready if conditions.serving is None else conditions.serving
    return ready, ready or serving


def _port(ports: list[EndpointPort]) -> int | None:
    """Ours has a name; a Service with a single port need not name it."""
    named = [port.port for port in ports if port.name == PORT]
    return named[0] if named else ports[0].port if len(ports) == 1 else None


def _rank(instance: Instance) -> tuple[bool, bool, str, int]:
    """The least is the one to keep: ready before not, IPv4 before IPv6, and always the same one of two."""
    return (not instance.ready, ":" in instance.host, instance.host, instance.port)
