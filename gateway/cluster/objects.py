"""What is read of Kubernetes' objects: the few members the catalog needs, and none besides. Decides nothing."""

import msgspec

from gateway.cluster.names import CARD, SERVICE_LABEL


class Metadata(msgspec.Struct, rename="camel", gc=False):
    """What every object has; a list's own `continue` is `more`, on all its pages but the last."""

    name: str = ""
    uid: str = ""
    resource_version: str = ""
    more: str = msgspec.field(default="", name="continue")


class Bookmark(msgspec.Struct):
    """What an event says that only tells how far the watch has come."""

    metadata: Metadata


class Annotations(msgspec.Struct, gc=False):
    """The one that is ours."""

    card: str | None = msgspec.field(default=None, name=CARD)


class ServiceMetadata(Metadata):
    """Of a Service."""

    annotations: Annotations | None = None


class Service(msgspec.Struct):
    """A Service: for us nothing but the bearer of a card."""

    metadata: ServiceMetadata


class SliceLabels(msgspec.Struct, gc=False):
    """The one that says whose endpoints they are."""

    service: str = msgspec.field(default="", name=SERVICE_LABEL)


class SliceMetadata(Metadata):
    """Of an EndpointSlice."""

    labels: SliceLabels | None = None


class Conditions(msgspec.Struct, gc=False):
    """Absent is unknown, which Kubernetes says to take for ready."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class TargetRef(msgspec.Struct, gc=False):
    """The pod."""

    uid: str = ""
    name: str = ""


class Endpoint(msgspec.Struct, rename="camel"):
    """One pod. It may have several addresses, of which the first is meant."""

    addresses: list[str] | None = None
    conditions: Conditions = msgspec.field(default_factory=Conditions)
    target_ref: TargetRef | None = None


class EndpointPort(msgspec.Struct, gc=False):
    """A port of all endpoints of a slice."""

    name: str | None = None
    port: int | None = None


class EndpointSlice(msgspec.Struct, rename="camel"):
    """Some of a Service's endpoints (discovery.k8s.io/v1)."""

    metadata: SliceMetadata
    address_type: str = "IPv4"
    endpoints: list[Endpoint] | None = None
    ports: list[EndpointPort] | None = None


class Page[T](msgspec.Struct):
    """A page of a list: all pages of one list show the same moment."""

    metadata: Metadata
    items: list[T] | None = None


class Event(msgspec.Struct):
    """A line of a watch."""

    type: str
    object: msgspec.Raw
