"""What runs of a record, from the objects of a cluster: instances, why they are not ready, recent warnings. Pure."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from msgspec import UNSET

from functions import live
from functions.failure import current
from functions.live import ContainerStatus, Ended, Pod, StatefulSet
from gateway.status import Condition, Event, InstanceStatus, Status

_LENGTH = 1000  # characters of what the cluster says
_EVENTS = 20

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def pending(image: str) -> Status:
    """Nothing is there (yet)."""
    return Status(None, None, None, image, "Pending")


def status(wanted: StatefulSet, pods: Sequence[Pod], events: Iterable[live.Event], registry: str) -> Status:
    """What runs. Pods are counted, and not what the cluster has counted: that may be older than the last change."""
    alive = {pod.ordinal: pod for pod in current(wanted, pods)}
    desired = wanted.spec.replicas
    ready = sum(pod.ready for pod in alive.values())
    warnings = _warnings(events)
    return Status(
        ready_replicas=ready,
        updated_replicas=sum(_revision(pod) == wanted.status.update_revision for pod in alive.values()),
        available_replicas=ready,
        image=_image(wanted).removeprefix(f"{registry}/"),
        replica_status="Healthy" if ready == desired and _seen(wanted) else f"Degraded: {ready}/{desired} ready",
        instances=[_instance(number, alive.get(number), warnings) for number in range(desired)],
        events=warnings or UNSET,
    )


def _seen(wanted: StatefulSet) -> bool:
    """Whether the cluster has begun to follow the last change; where nothing shall run there is nothing to follow."""
    return not wanted.spec.replicas or wanted.status.observed_generation >= wanted.metadata.generation


def _instance(number: int, pod: Pod | None, warnings: Sequence[Event]) -> InstanceStatus:
    if pod is None:
        refused = next((f": {event.message}" for event in warnings if event.reason == "FailedCreate"), "")
        return InstanceStatus(number, ready=False, reason=f"not made yet{refused}")
    if pod.ready:
        return InstanceStatus(number, ready=True, restarts=pod.container.restart_count)
    return InstanceStatus(
        number,
        ready=False,
        restarts=pod.container.restart_count,
        reason=_reason(pod),
        conditions=[
            Condition(c.type, c.status, c.reason, c.message[:_LENGTH])
            for c in pod.status.conditions
            if c.status != "True"
        ],
    )


def _reason(pod: Pod) -> str:
    """The most telling thing there is: the container's own, the scheduler's, or that it does not answer yet."""
    said = _container_reason(pod.container)
    for condition in pod.status.conditions:
        if not said and condition.type == "PodScheduled" and condition.status != "True":
            said = _sentence(condition.reason, condition.message)
    return said or _sentence(pod.status.reason, pod.status.message) or "its readiness probe does not succeed"


def _container_reason(container: ContainerStatus) -> str:
    waiting, ended = container.state.waiting, container.state.terminated
    last = container.last_state.terminated
    if waiting and waiting.reason == "CrashLoopBackOff" and last:
        return _sentence(waiting.reason, _end(last))
    if waiting:
        return _sentence(waiting.reason, waiting.message)
    return _sentence(ended.reason, _end(ended)) if ended else ""


def _end(ended: Ended) -> str:
    """How a run ended, and its last words."""
    lines = [line.strip() for line in ended.message.splitlines() if line.strip()]
    return _sentence(f"exit code {ended.exit_code}", lines[-1] if lines else "")


def _sentence(reason: str, message: str) -> str:
    return ": ".join(part for part in (reason, message[:_LENGTH]) if part)


def _warnings(events: Iterable[live.Event]) -> list[Event]:
    """Only warnings: what goes as it should is no news."""
    warnings = [event for event in events if event.type == "Warning"]
    warnings.sort(key=lambda event: event.at or _LONG_AGO, reverse=True)
    return [
        Event(event.reason, event.message[:_LENGTH], event.involved_object.name, event.count or 1, event.at)
        for event in warnings[:_EVENTS]
    ]


def _image(wanted: StatefulSet) -> str:
    containers = wanted.spec.template.spec.containers
    return containers[0].image if containers else ""


def _revision(pod: Pod) -> str:
    return pod.metadata.labels.get("controller-revision-hash", "")
