"""The pod template of a record: what exactly runs, and what it is allowed. Pure.

Holds neither uid nor generation nor roles: the same template means that nothing has to restart. Pods meet the *restricted*
Pod Security standard, whatever the record says.
"""

from typing import Any

from msgspec import UNSET

from functions import amounts
from gateway.cluster import names
from gateway.records import EnvReference, Probe, Record, Reference, image_of, kind_of, port_of

type Json = dict[str, Any]

CONTAINER = "server"
USER = 1100
# Seconds. Long enough that every proxy has seen an ending instance leave before it stops to listen …
DRAIN = 3
# … and then what is under way may end.
GRACE = 30
# Until it is given up and started again, a server may take this long to listen for the first time.
START = 600

_WORKLOAD_IDENTITY = "azure.workload.identity/use"
_SERVICE_ACCOUNT = "workload-sa"
_HOME = "/tmp"  # noqa: S108 (the pod's own, nobody else's)


def template(record: Record, registry: str) -> Json:
    """The pod template. Raises Invalid, with the field, for resources that contradict each other."""
    asked = record.use_workload_identity
    labels = selector(record) | {names.OWNER_LABEL: names.OWNER, _WORKLOAD_IDENTITY: str(asked).lower()}
    spec: Json = {
        "containers": [_container(record, registry)],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "automountServiceAccountToken": asked,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": GRACE,
        "topologySpreadConstraints": [
            _spread(record, key) for key in ("kubernetes.io/hostname", "topology.kubernetes.io/zone")
        ],
    }
    return {"metadata": {"labels": labels}, "spec": spec | ({"serviceAccountName": _SERVICE_ACCOUNT} if asked else {})}


def selector(record: Record) -> dict[str, str]:
    """The labels by which pods are found. Never changes for a name."""
    return {names.TYPE_LABEL: names.TYPES[kind_of(record)], names.NAME_LABEL: record.name}


def port(record: Record) -> int:
    """Where an instance listens."""
    return port_of(record)


def environment(record: Record) -> dict[str, str | EnvReference]:
    """HOME may be another; PORT is where we look for the server, whatever the record says. As locally."""
    return {"HOME": _HOME, **record.environment_variables, "PORT": str(port_of(record))}


def _container(record: Record, registry: str) -> Json:
    container: Json = {
        "name": CONTAINER,
        "image": f"{registry}/{image_of(record)}",
        # A tag may have moved since it was pulled; a digest cannot.
        "imagePullPolicy": "IfNotPresent" if record.image_version.startswith("sha256:") else "Always",
        "ports": [{"name": names.PORT, "containerPort": port_of(record), "protocol": "TCP"}],
        "env": [{"name": name, **_value(value)} for name, value in environment(record).items()],
        "resources": amounts.resources(record),
        "startupProbe": {**_probe(record), "periodSeconds": 1, "failureThreshold": START},
        "readinessProbe": {**_probe(record), "periodSeconds": 2, "failureThreshold": 3},
        "lifecycle": {"preStop": {"sleep": {"seconds": DRAIN}}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": record.read_only_root_filesystem,
            "capabilities": {"drop": ["ALL"]},
        },
        # The last words of one that crashed are its reason in the status.
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [{"name": "tmp", "mountPath": _HOME}],
    }
    # Absent, the image's own stand.
    asked = {"command": record.command, "args": record.args}
    return container | {member: words for member, words in asked.items() if words}


def _probe(record: Record) -> Json:
    port = port_of(record)
    if not isinstance(record.probe, Probe):
        return {"tcpSocket": {"port": names.PORT}, "timeoutSeconds": 2}
    # As the proxy does: servers that check their Host refuse a pod's address.
    host = {"name": "Host", "value": f"localhost:{port}"}
    return {"httpGet": {"path": record.probe.path, "port": names.PORT, "httpHeaders": [host]}, "timeoutSeconds": 2}


def _value(value: str | EnvReference) -> Json:
    if isinstance(value, str):
        return {"value": value.replace("$", "$$")}  # meant as it stands: Kubernetes would expand $(NAME) and shorten $$
    if isinstance(value.secret_ref, Reference):
        return {"valueFrom": {"secretKeyRef": _key(value.secret_ref)}}
    assert value.config_map_ref is not UNSET
    return {"valueFrom": {"configMapKeyRef": _key(value.config_map_ref)}}


def _key(reference: Reference) -> Json:
    return {"name": reference.name, "key": reference.key}


def _spread(record: Record, key: str) -> Json:
    return {
        "maxSkew": 1,
        "topologyKey": key,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": selector(record)},
    }
