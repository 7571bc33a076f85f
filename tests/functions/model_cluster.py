"""A Deployer over a model of a cluster: a card and a workload per name, each written by its own conditional call."""

from collections.abc import Callable

import msgspec

from functions.deployer import CardNotChanged, InstanceStatus, LogPage, LogQuery, Owned, Status, WorkloadNotChanged
from gateway.errors import Invalid, NotFound
from gateway.records import Kind, Record, image_of, kind_of
from tests.functions.steps import Broke, Steps

type Key = tuple[Kind, str]


class Thing(msgspec.Struct, frozen=True):
    """An object: whose it is, what it says, when it was made."""

    uid: str
    generation: int
    says: object
    made: float


class ModelCluster:
    """Two tables of objects. A call that breaks is reported as the contract says; one during which we died, not at all."""

    def __init__(self, steps: Steps | None = None, *, images: tuple[str, ...] = ()) -> None:
        self.steps = steps or Steps()
        self.images = images
        self.cards: dict[Key, Thing] = {}
        self.workloads: dict[Key, Thing] = {}
        self.lines: dict[str, list[str]] = {}
        self.now = 0.0

    async def apply(self, record: Record) -> None:
        """Card, then workload; each created, or replaced where the live one is older."""
        card = (sorted(record.required_roles), record.acl)
        workload = (image_of(record), record.replica_count, record.environment_variables)
        try:
            newest = await self._write("card", self.cards, record, card)
        except (Broke, _Foreign) as error:
            raise CardNotChanged(f"the card of {record.name}: {error}") from error
        if newest:
            try:
                await self._write("workload", self.workloads, record, workload)
            except (Broke, _Foreign) as error:
                raise WorkloadNotChanged(f"the workload of {record.name}: {error}") from error

    async def remove(self, kind: Kind, name: str, uid: str) -> None:
        """Card, then workload, of that uid."""
        try:
            await self.steps.run("delete card", lambda: _delete(self.cards, (kind, name), uid))
        except Broke as error:
            raise CardNotChanged(f"the card of {name}") from error
        try:
            await self.steps.run("delete workload", lambda: _delete(self.workloads, (kind, name), uid))
        except Broke as error:
            raise WorkloadNotChanged(f"the workload of {name}") from error

    async def owned(self) -> list[Owned]:
        """By (kind, name, uid), as a real deployer would put card and workload together."""
        return await self.steps.run("list objects", self.objects)

    def objects(self) -> list[Owned]:
        """What is there, without a step."""
        things = [(*key, thing) for table in (self.cards, self.workloads) for key, thing in table.items()]
        keys: set[tuple[Kind, str, str]] = {(kind, name, thing.uid) for kind, name, thing in things}
        return [self._owned(kind, name, uid) for kind, name, uid in sorted(keys)]

    async def status(self, record: Record) -> Status:
        """All ready, once there is a workload."""
        ready = record.replica_count if (kind_of(record), record.name) in self.workloads else None
        instances = [InstanceStatus(n, ready=True) for n in range(ready or 0)]
        return Status(ready, ready, ready, image_of(record), "Pending" if ready is None else "Healthy", instances)

    async def logs(self, record: Record, query: LogQuery) -> LogPage:
        """Lines that a test has put into `lines`; a cursor is `c` and how many there were."""
        if query.instance >= record.replica_count:
            raise NotFound(f"There is no instance {query.instance}.")
        lines = self.lines.get(record.name, [])
        if query.since and not query.since.removeprefix("c").isdigit():
            raise Invalid("since: not a cursor of this log.", field="since")
        wanted = lines[int(query.since.removeprefix("c")) :] if query.since else lines[-query.tail :]
        return LogPage("".join(f"{line}\n" for line in wanted), f"c{len(lines)}")

    def refuse(self, record: Record) -> None:
        """Knows its images, if it was told any."""
        if self.images and image_of(record) not in self.images:
            raise Invalid(f"imageName: `{image_of(record)}` is not known here.", field="imageName")

    async def _write(self, what: str, table: dict[Key, Thing], record: Record, says: object) -> bool:
        """Read, compare, write that very version; again where somebody else came in between. False: ours is older."""
        key = (kind_of(record), record.name)
        while True:
            live = await self.steps.run(f"read {what}", lambda: table.get(key))
            if live is not None and live.uid != record.uid:
                raise _Foreign(f"of {live.uid}")
            if live is not None and live.generation >= record.generation:
                return live.generation == record.generation
            thing = Thing(record.uid, record.generation, says, live.made if live else self.now)
            if await self.steps.run(f"write {what}", _swap(table, key, live, thing)):
                return True

    def _owned(self, kind: Kind, name: str, uid: str) -> Owned:
        found = [table.get((kind, name)) for table in (self.cards, self.workloads)]
        ours = [thing for thing in found if thing is not None and thing.uid == uid]
        generations = {thing.generation for thing in ours}
        return Owned(
            kind,
            name,
            uid,
            generation=min(generations),
            age=self.now - min(thing.made for thing in ours),
            whole=len(ours) == 2 and len(generations) == 1,
        )


class _Foreign(Exception):
    """Somebody else's object has the name."""


def _swap(table: dict[Key, Thing], key: Key, live: Thing | None, thing: Thing) -> Callable[[], bool]:
    def effect() -> bool:
        if table.get(key) != live:
            return False
        table[key] = thing
        return True

    return effect


def _delete(table: dict[Key, Thing], key: Key, uid: str) -> None:
    if key in table and table[key].uid == uid:
        del table[key]
