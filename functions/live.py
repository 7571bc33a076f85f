"""What we read of a cluster's objects: a small part of each, the rest is skipped. Field names are those of the Kubernetes API."""

from datetime import datetime

import msgspec

from gateway.cluster import names
from gateway.records import Kind


class Owner(msgspec.Struct):
    """Whom an object belongs to."""

    uid: str


class Meta(msgspec.Struct, rename="camel"):
    """Of every object."""

    name: str
    uid: str = ""
    resource_version: str = ""
    generation: int = 0  # Kubernetes' own, of the spec; ours is an annotation
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    finalizers: list[str] = []
    owner_references: list[Owner] = []
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None


class Live(msgspec.Struct):
    """Any object. What the gateway did not make carries no label of ours, and is never touched."""

    metadata: Meta

    @property
    def ours(self) -> bool:
        """Whether the gateway made it."""
        return self.metadata.labels.get(names.OWNER_LABEL) == names.OWNER

    @property
    def record_uid(self) -> str:
        """The uid of the record it was made for."""
        return self.metadata.annotations.get(names.UID, "")

    @property
    def record_generation(self) -> int:
        """The generation of that record; 0 where somebody wrote over it."""
        text = self.metadata.annotations.get(names.GENERATION, "")
        return int(text) if text.isascii() and text.isdigit() else 0

    @property
    def ending(self) -> bool:
        """Whether it is being deleted."""
        return self.metadata.deletion_timestamp is not None

    @property
    def key(self) -> tuple[Kind, str] | None:
        """Kind and name by its labels."""
        labels = self.metadata.labels
        kind = _KINDS.get(labels.get(names.TYPE_LABEL, ""))
        return (kind, labels.get(names.NAME_LABEL, "")) if kind else None


_KINDS: dict[str, Kind] = {type: kind for kind, type in names.TYPES.items()}


class Service(Live):
    """Its card is an annotation."""

    @property
    def card(self) -> str:
        """The card's text."""
        return self.metadata.annotations.get(names.CARD, "")

    @property
    def failure(self) -> str | None:
        """Why the card says that the workload has failed, blank where it does not say so; None where it says nothing at all."""
        try:
            said = msgspec.json.decode(self.card, type=_Said)
        except msgspec.DecodeError:
            return None
        return said.reason if said.state == "failed" else ""


class _Said(msgspec.Struct):
    state: str = ""
    reason: str = ""


class Container(msgspec.Struct):
    """As asked for."""

    image: str = ""


class _PodSpec(msgspec.Struct):
    containers: list[Container] = []


class _Template(msgspec.Struct):
    spec: _PodSpec


class _SetSpec(msgspec.Struct):
    template: _Template
    replicas: int = 1


class _SetStatus(msgspec.Struct, rename="camel"):
    observed_generation: int = 0
    update_revision: str = ""


class StatefulSet(Live):
    """`spec.replicas` are wanted."""

    spec: _SetSpec
    status: _SetStatus = msgspec.field(default_factory=_SetStatus)


class Waiting(msgspec.Struct):
    """Why a container does not run."""

    reason: str = ""
    message: str = ""


class Ended(msgspec.Struct, rename="camel"):
    """How a container's run ended."""

    exit_code: int = 0
    reason: str = ""
    message: str = ""
    container_id: str = msgspec.field(name="containerID", default="")


class State(msgspec.Struct):
    """At most one is set; neither: it runs."""

    waiting: Waiting | None = None
    terminated: Ended | None = None


class ContainerStatus(msgspec.Struct, rename="camel"):
    """Of this run and the one before."""

    restart_count: int = 0
    container_id: str = msgspec.field(name="containerID", default="")
    state: State = msgspec.field(default_factory=State)
    last_state: State = msgspec.field(default_factory=State)


class Condition(msgspec.Struct):
    """Of a pod; `status` is True, False or Unknown."""

    type: str
    status: str
    reason: str = ""
    message: str = ""


class _PodStatus(msgspec.Struct, rename="camel"):
    phase: str = ""
    reason: str = ""
    message: str = ""
    conditions: list[Condition] = []
    container_statuses: list[ContainerStatus] = []


class Pod(Live):
    """One instance; `ordinal` counts from 0."""

    status: _PodStatus = msgspec.field(default_factory=_PodStatus)

    @property
    def ordinal(self) -> int:
        """Its number, by its name; -1 for a pod of no StatefulSet."""
        number = self.metadata.name.rpartition("-")[2]
        return int(number) if number.isascii() and number.isdigit() else -1

    @property
    def ready(self) -> bool:
        """Whether it takes requests."""
        return not self.ending and any(c.type == "Ready" and c.status == "True" for c in self.status.conditions)

    @property
    def container(self) -> ContainerStatus:
        """Its one container; without a word from the node, one that has not begun."""
        return self.status.container_statuses[0] if self.status.container_statuses else ContainerStatus()

    def belongs_to(self, owner: Live) -> bool:
        """Whether `owner` made it: an earlier life of the name may still be ending."""
        return any(reference.uid == owner.metadata.uid for reference in self.metadata.owner_references)


class Involved(msgspec.Struct):
    """What an event is about."""

    name: str = ""
    uid: str = ""


class Event(msgspec.Struct, rename="camel"):
    """Something that happened to an object, said by one of the cluster's own parts."""

    involved_object: Involved
    type: str = ""
    reason: str = ""
    message: str = ""
    count: int | None = None
    last_timestamp: datetime | None = None
    event_time: datetime | None = None

    @property
    def at(self) -> datetime | None:
        """When it last happened."""
        return self.last_timestamp or self.event_time


class PageMeta(msgspec.Struct):
    """Where the next page begins."""

    next: str = msgspec.field(name="continue", default="")


class Page[T](msgspec.Struct):
    """A part of a list."""

    metadata: PageMeta
    items: list[T]


class Cause(msgspec.Struct):
    """One field that was refused."""

    field: str = ""
    message: str = ""


class Details(msgspec.Struct):
    """More about a failure."""

    causes: list[Cause] = []


class Failure(msgspec.Struct):
    """A `Status` object: why a question was not answered."""

    reason: str = ""
    message: str = ""
    details: Details = msgspec.field(default_factory=Details)
