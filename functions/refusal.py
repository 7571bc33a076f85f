"""What the cluster refused of a record's workload, in the words of the record: which member is wrong. Pure."""

import re

from functions.kube_api import KubeError
from functions.live import Cause
from functions.pod import environment
from gateway.records import Record

_ENVIRONMENT = re.compile(r"\.env\[(\d+)\]")
# Where in the pod template → the member of a record.
_MEMBERS = (
    (".resources", "resources"),
    (".image", "imageName"),
    ("Probe", "probe"),
    (".ports", "port"),
    (".command", "command"),
    (".args", "args"),
    ("spec.replicas", "replicaCount"),
)


def is_final(error: KubeError) -> bool:
    """Whether asking again would be answered the same: the object, not the moment, is what the cluster does not want."""
    return error.code in (400, 403, 422)


def sentence(error: KubeError, record: Record) -> str:
    """Why, naming the record's member where it is one."""
    said = [f"{member}: {cause.message}" for cause in error.causes if (member := _member(cause, record))]
    return "; ".join(said) or error.detail


def _member(cause: Cause, record: Record) -> str:
    found = _ENVIRONMENT.search(cause.field)
    if found:
        names = list(environment(record))
        number = int(found[1])
        return f"environmentVariables.{names[number]}" if number < len(names) else "environmentVariables"
    return next((member for part, member in _MEMBERS if part in cause.field), "")
