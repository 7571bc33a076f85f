"""What runs of a record now, as `…/status` answers it. Only shapes: deployers fill them in."""

import msgspec
from msgspec import UNSET, UnsetType

from gateway.records import Moment


class Condition(msgspec.Struct, omit_defaults=True):
    """Something that has to be so before an instance is ready, and is not (`status` False or Unknown)."""

    type: str
    status: str
    reason: str = ""
    message: str = ""


class Event(msgspec.Struct, omit_defaults=True):
    """A warning of the platform about the workload or one of its instances. `count`: how often, `at`: the last time."""

    reason: str
    message: str
    about: str
    count: int = 1
    at: Moment | None = None


class InstanceStatus(msgspec.Struct, rename="camel", omit_defaults=True):
    """One instance, counted from 0. `reason` says why it is not ready, where that is known."""

    instance: int
    ready: bool
    restarts: int = 0
    reason: str = ""
    conditions: list[Condition] = []


class SignIn(msgspec.Struct, rename="camel"):
    """What clients that sign in for the adapter's own URL need, and nobody does here by itself. `identifierUri` has to be one of
    the application's, in Entra; `command` adds it (for a POSIX shell; by whoever may change the application)."""

    identifier_uri: str
    command: str


class Status(msgspec.Struct, rename="camel"):
    """What runs. `replicaStatus`: `Healthy`, `Degraded: <ready>/<desired> ready`, or `Pending` before anything exists.

    `events` are recent, the latest first, and only about what is not ready; absent where there are none. `signIn` is told to
    those who may change the record, where callers sign in with Entra and the gateway does not keep its identifier URIs itself.
    """

    ready_replicas: int | None
    updated_replicas: int | None
    available_replicas: int | None
    image: str
    replica_status: str
    instances: list[InstanceStatus] = []
    events: list[Event] | UnsetType = UNSET
    sign_in: SignIn | UnsetType = UNSET
