"""Manifests: the Service and the StatefulSet that a record asks for, as pure dictionaries. Writes nothing, reads nothing.

What runs is decided by the pod template (`pod`) alone; whose it is and who may use it stands on the metadata, so that a
change of roles restarts no pod. Objects change with their record's next generation only, whatever this code becomes meanwhile.
"""

from typing import Any

import msgspec

from functions import pod
from functions.cluster_settings import ClusterSettings
from functions.live import Live
from gateway import card
from gateway.card import Card
from gateway.cluster import names
from gateway.records import Kind, Record, kind_of

type Json = dict[str, Any]

_HISTORY = 2  # revisions of a pod template that the cluster keeps


def service(record: Record, settings: ClusterSettings, said: Card | None = None) -> Json:
    """The headless Service with the card: that of the record, or `said`. Raises Invalid for a record's card over its size."""
    # The record's was measured when it was stored; what is said beside it is short, and must not be refused now.
    text = (msgspec.json.encode(said) if said else card.encode(card.card_of(record))).decode()
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _metadata(record, settings, {names.CARD: text}),
        "spec": {
            "clusterIP": "None",
            "publishNotReadyAddresses": False,
            "selector": pod.selector(record),
            # By the port's name: while a rolling update changes its number, each instance keeps its own.
            "ports": [{"name": names.PORT, "port": pod.port(record), "targetPort": names.PORT, "protocol": "TCP"}],
        },
    }


def stateful_set(record: Record, settings: ClusterSettings) -> Json:
    """The StatefulSet. Raises Invalid for resources that contradict each other."""
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": _metadata(record, settings, {}),
        "spec": {
            "replicas": record.replica_count,
            "serviceName": name_of(record),
            "selector": {"matchLabels": pod.selector(record)},
            "podManagementPolicy": "Parallel",
            "updateStrategy": {"type": "RollingUpdate"},
            "revisionHistoryLimit": _HISTORY,
            "template": pod.template(record, settings.registry),
        },
    }


def replacing(manifest: Json, live: Live) -> Json:
    """The manifest as the next version of a live object, of that very one. What others wrote on its metadata stays."""
    old, new = live.metadata, manifest["metadata"]
    metadata = {
        **new,
        "labels": old.labels | new["labels"],
        "annotations": old.annotations | new["annotations"],
        "finalizers": old.finalizers,
        "uid": old.uid,
        "resourceVersion": old.resource_version,
    }
    return {**manifest, "metadata": metadata}


def name_of(record: Record) -> str:
    """The name of both objects."""
    return names.object_name(kind_of(record), record.name)


def selector_of(kind: Kind, name: str) -> str:
    """The label selector of its pods."""
    return f"{names.TYPE_LABEL}={names.TYPES[kind]},{names.NAME_LABEL}={name}"


def _metadata(record: Record, settings: ClusterSettings, annotations: dict[str, str]) -> Json:
    return {
        "name": name_of(record),
        "namespace": settings.namespace,
        "labels": pod.selector(record) | {names.OWNER_LABEL: names.OWNER},
        "annotations": {names.UID: record.uid, names.GENERATION: str(record.generation)} | annotations,
    }
