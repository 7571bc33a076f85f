"""The contract of the deployer: makes the cluster (or the local machine) run what a record says. Decides nothing about records.

Implementations: Kubernetes (`functions.cluster`), child processes (`local.deployer`). One body of tests: tests/contracts.
"""

from typing import Protocol

import msgspec

from gateway.errors import Unavailable
from gateway.records import Kind, Record
from gateway.status import InstanceStatus, Status

__all__ = [
    "CardNotChanged",
    "Deployer",
    "InstanceStatus",
    "LogPage",
    "LogQuery",
    "Owned",
    "Status",
    "WorkloadNotChanged",
]


class CardNotChanged(Unavailable):
    """The card could not be written: the data plane still has the old rights, and the caller must be told so."""


class WorkloadNotChanged(Unavailable):
    """The card is in force, the workload is not yet; reconcile finishes it."""


class LogPage(msgspec.Struct):
    """Log lines as text, and the cursor after the last of them."""

    text: str
    cursor: str


class LogQuery(msgspec.Struct, frozen=True):
    """Which lines: the last `tail`, or those after `since` (a cursor), waiting up to `wait` seconds for one to come."""

    instance: int = 0
    tail: int = 1000
    previous: bool = False
    since: str = ""
    wait: float = 0


class Owned(msgspec.Struct, frozen=True):
    """Objects that are ours. `age` in seconds since creation. `whole` is false where a part of them is missing or older, and
    where the card says something else than what runs (that it cannot start, or no longer that): `apply` puts all of it right."""

    kind: Kind
    name: str
    uid: str
    generation: int
    age: float
    whole: bool = True


class Deployer(Protocol):
    """Every verb may be repeated. Writes are fenced: one that is not newer than the live (uid, generation) is dropped."""

    async def apply(self, record: Record) -> None:
        """Card first, then the workload. Same uid, older generation than the live one: dropped silently.

        The same generation once more changes nothing, but that the card says `failed` where the workload cannot start.
        Another uid that is live under this name: raises CardNotChanged; reconcile removes it first.
        Raises CardNotChanged or WorkloadNotChanged, saying which half is missing.
        """
        ...

    async def remove(self, kind: Kind, name: str, uid: str) -> None:
        """Card first, then the rest, of this uid only. Nothing there, or another uid: not an error.

        Raises CardNotChanged while it is still reachable, WorkloadNotChanged where only the rest is left.
        """
        ...

    async def status(self, record: Record) -> Status:
        """What runs of a record now. Nothing there is `Pending`, not an error."""
        ...

    async def logs(self, record: Record, query: LogQuery) -> LogPage:
        """Lines of one instance. Raises NotFound for an instance there is not, Invalid for a cursor that is not ours."""
        ...

    async def owned(self) -> list[Owned]:
        """All objects that are ours, whether or not a record stands behind them."""
        ...

    def refuse(self, record: Record) -> None:
        """Raises Invalid where this deployer could never run the record (an image it does not know)."""
        ...
