"""What runs of a record now, as `…/status` answers it. Only shapes: deployers fill them in."""

import msgspec


class InstanceStatus(msgspec.Struct, rename="camel", omit_defaults=True):
    """One instance, counted from 0. `reason` says why it is not ready, where that is known."""

    instance: int
    ready: bool
    restarts: int = 0
    reason: str = ""


class Status(msgspec.Struct, rename="camel"):
    """What runs. `replicaStatus`: `Healthy`, `Degraded: <ready>/<desired> ready`, or `Pending` before anything exists."""

    ready_replicas: int | None
    updated_replicas: int | None
    available_replicas: int | None
    image: str
    replica_status: str
    instances: list[InstanceStatus] = []
