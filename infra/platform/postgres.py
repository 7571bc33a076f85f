"""PostgreSQL as part of the platform: one instance, for clusters that have none. Not there where the store is another.

Any image that takes the variables of the official one will do, as user 1100 and on a read-only root file system.
"""

from infra.platform.names import CONTROL_PLANE_PRIORITY, DATABASE, POSTGRES, POSTGRES_PORT, Manifest, metadata, selector
from infra.platform.options import PlatformOptions
from infra.platform.pods import CONFINED, TMP, pod, resources, service
from infra.platform.secrets import POSTGRES_SECRET, variable

_DATA = "/var/lib/postgresql/data"
_ASKS = {"exec": {"command": ["pg_isready", "--quiet", "--host=127.0.0.1"]}}


def postgres(options: PlatformOptions) -> list[Manifest]:
    if not options.own_postgres:
        return []
    return [service("postgres", POSTGRES, metadata(POSTGRES), POSTGRES_PORT), _stateful_set(options)]


def _stateful_set(options: PlatformOptions) -> Manifest:
    kept = options.records_kept
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": metadata(POSTGRES),
        "spec": {
            "replicas": 1,
            "revisionHistoryLimit": 3,
            "serviceName": POSTGRES,
            "selector": {"matchLabels": selector(POSTGRES)},
            "template": _template(options, [] if kept else [{"name": "data", "emptyDir": {}}]),
            **({"volumeClaimTemplates": [_claim(options)]} if kept else {}),
        },
    }


def _template(options: PlatformOptions, data: list[Manifest]) -> Manifest:
    scratch: list[Manifest] = [{"name": "run", "emptyDir": {}}, {"name": "tmp", "emptyDir": {}}]
    return {
        "metadata": {"labels": selector(POSTGRES)},
        "spec": {
            "automountServiceAccountToken": False,
            "priorityClassName": CONTROL_PLANE_PRIORITY,
            "terminationGracePeriodSeconds": 60,  # a checkpoint may take a while
            **pod(_container(options), [*data, *scratch]),
        },
    }


def _container(options: PlatformOptions) -> Manifest:
    mounts = {"data": _DATA, "run": "/var/run/postgresql", "tmp": TMP}
    return {
        "name": POSTGRES,
        "image": options.postgres,
        "imagePullPolicy": options.pull_policy,
        "ports": [{"name": POSTGRES, "containerPort": POSTGRES_PORT, "protocol": "TCP"}],
        "env": [
            # Below the volume, not the volume itself: what makes a volume may leave a `lost+found` in it.
            {"name": "PGDATA", "value": f"{_DATA}/pgdata"},
            {"name": "POSTGRES_DB", "value": DATABASE},
            {"name": "POSTGRES_USER", "value": DATABASE},
            variable("POSTGRES_PASSWORD", POSTGRES_SECRET, "password"),
        ],
        "startupProbe": {**_ASKS, "periodSeconds": 2, "timeoutSeconds": 5, "failureThreshold": 150},
        "livenessProbe": {**_ASKS, "periodSeconds": 10, "timeoutSeconds": 10, "failureThreshold": 6},
        "readinessProbe": {**_ASKS, "periodSeconds": 5, "timeoutSeconds": 5, "failureThreshold": 3},
        "resources": resources(options),
        "securityContext": CONFINED,
        "volumeMounts": [{"name": name, "mountPath": path} for name, path in mounts.items()],
    }


def _claim(options: PlatformOptions) -> Manifest:
    chosen = {} if options.storage_class is None else {"storageClassName": options.storage_class}
    size = {"requests": {"storage": options.postgres_storage}}
    spec = {"accessModes": ["ReadWriteOnce"], **chosen, "resources": size}
    return {"metadata": {"name": "data"}, "spec": spec}
