"""World: adapters, tools and pods as the control plane and Kubernetes would write them to an ApiServer; and what a catalog makes of them.

The model says nothing by the code it checks: it looks at the server's objects alone.
"""

from typing import Any

import msgspec

from gateway.card import Card, encode
from gateway.catalog import Instance, Listing
from gateway.cluster.names import (
    CARD,
    NAME_LABEL,
    OWNER,
    OWNER_LABEL,
    PLATFORM_NAMESPACE,
    PLATFORM_TYPE,
    SERVICE_LABEL,
    TYPE_LABEL,
    TYPES,
    WORKLOAD_NAMESPACE,
    object_name,
)
from gateway.records import Listed
from tests.gateway.cluster.api_server import SERVICES, SLICES, ApiServer

READY = {"ready": True, "serving": True, "terminating": False}
ENDING = {"ready": False, "serving": True, "terminating": True}
DOWN = {"ready": False, "serving": False, "terminating": False}
ENDED = {"ready": False, "serving": False, "terminating": True}


def where(kind: Listed, name: str) -> tuple[str, str]:
    """Namespace and name of the Service of a card."""
    if kind == "platform":
        return PLATFORM_NAMESPACE, f"{name}-service"
    return WORKLOAD_NAMESPACE, object_name(kind, name)


def labels(kind: Listed, name: str) -> dict[str, str]:
    """The labels of a Service."""
    type = PLATFORM_TYPE if kind == "platform" else TYPES[kind]
    return {OWNER_LABEL: OWNER, TYPE_LABEL: type, NAME_LABEL: name}


def pod(uid: str, address: str = "10.0.0.1", conditions: dict[str, bool] | None = None) -> dict[str, Any]:
    """An endpoint."""
    return {
        "addresses": [address],
        "conditions": READY if conditions is None else conditions,
        "targetRef": {"kind": "Pod", "name": f"pod-{uid}", "uid": uid},
    }


class World:
    """What stands on a server."""

    def __init__(self, server: ApiServer) -> None:
        self.server = server

    def show(self, card: Card, text: str | None = None) -> None:
        """Writes the Service of a card; `text` instead of what it should bear."""
        namespace, name = where(card.kind, card.name)
        annotations = {CARD: encode(card).decode() if text is None else text, "kubectl/last": "x" * 10}
        marks = labels(card.kind, card.name)
        self.server.put(namespace, SERVICES, name, marks, metadata={"annotations": annotations}, spec={"ports": []})

    def hide(self, kind: Listed, name: str) -> None:
        """Deletes the Service."""
        namespace, service = where(kind, name)
        self.server.delete(namespace, SERVICES, service)

    def slice(self, kind: Listed, name: str, *endpoints: dict[str, Any], number: int = 0, port: int = 8000) -> None:
        """Writes one of its EndpointSlices, with the labels that Kubernetes copies from the Service."""
        namespace, service = where(kind, name)
        marks = {**labels(kind, name), SERVICE_LABEL: service}
        ports = [{"name": "http", "port": port, "protocol": "TCP"}]
        self.server.put(
            namespace,
            SLICES,
            f"{service}-{number}",
            marks,
            addressType="IPv4",
            endpoints=list(endpoints) or None,
            ports=ports,
        )

    def unslice(self, kind: Listed, name: str, number: int = 0) -> None:
        """Deletes one of its EndpointSlices."""
        namespace, service = where(kind, name)
        self.server.delete(namespace, SLICES, f"{service}-{number}")

    def expected(self, kind: Listed, name: str) -> Listing | None:
        """What a catalog must list now."""
        namespace, service = where(kind, name)
        found = self.server.get(namespace, SERVICES).get(service)
        card = card_on(found)
        if card is None:
            return None
        slices = self.server.get(namespace, SLICES).values()
        return Listing(card, instances_on([it for it in slices if it["metadata"]["labels"][SERVICE_LABEL] == service]))


def card_on(service: dict[str, Any] | None) -> Card | None:
    """The card a Service bears. These tests write either good ones or texts that are no JSON."""
    text = service["metadata"]["annotations"][CARD] if service else "null"
    return msgspec.json.decode(text, type=Card) if text.startswith("{") and text.endswith("}") else None


def instances_on(slices: list[dict[str, Any]]) -> tuple[Instance, ...]:
    """The instances of some slices together."""
    found: dict[str, Instance] = {}
    for slice in slices:
        endpoints: list[dict[str, Any]] = slice["endpoints"] or []
        for endpoint in endpoints:
            conditions, uid = endpoint["conditions"], endpoint["targetRef"]["uid"]
            if (conditions["terminating"] and not conditions["serving"]) or (uid in found and found[uid].ready):
                continue
            found[uid] = Instance(uid, endpoint["addresses"][0], slice["ports"][0]["port"], conditions["ready"])
    return tuple(found[uid] for uid in sorted(found))
