"""The Deployer on child processes: fences writes, shows cards in the view, lets the supervisor run the rest. Sibling of the cluster's."""

import time

import msgspec

from functions.deployer import CardNotChanged, LogPage, LogQuery, Owned, Status, WorkloadNotChanged
from gateway.card import Card, card_of
from gateway.errors import Invalid, NotFound
from gateway.records import Kind, Record, image_of, kind_of
from gateway.view import View
from local.command import command_of
from local.home import Home
from local.images import Images
from local.logpage import page
from local.supervisor import Supervisor

type Key = tuple[Kind, str]


class Live(msgspec.Struct):
    """What stands under a name now. `whole`: not only the card; `ending`: on its way out, the name not yet free."""

    card: Card
    created: float
    whole: bool = False
    ending: bool = False


class LocalDeployer:
    """A Deployer."""

    def __init__(self, supervisor: Supervisor, view: View, images: Images, home: Home) -> None:
        self._supervisor = supervisor
        self._view = view
        self._images = images
        self._home = home
        self._live: dict[Key, Live] = {}

    async def apply(self, record: Record) -> None:
        """Card, then processes; returns when both are on their way, not when they are ready. Raises as the contract says."""
        card = card_of(record)
        key: Key = (kind_of(record), record.name)
        live = self._live.get(key)
        if live and live.card.uid != card.uid:
            raise CardNotChanged(f"An earlier `{card.name}` is still ending.")
        if live and (live.ending or card.generation < live.card.generation):
            return
        live = self._live.setdefault(key, Live(card, time.monotonic()))
        live.card = card
        try:
            command = command_of(record, self._images.find(record), self._home.work)
        except Invalid as error:
            live.whole = False
            if self._supervisor.find(*key):
                await self._supervisor.end(*key)
            self._view.put_card(msgspec.structs.replace(card, state="failed", reason=error.detail))
            raise WorkloadNotChanged(error.detail) from None
        self._supervisor.run(card, command)
        live.whole = True

    async def remove(self, kind: Kind, name: str, uid: str) -> None:
        """Unlisted at once; returns when its processes have ended (some 4 s at most)."""
        key: Key = (kind, name)
        live = self._live.get(key)
        if live and live.card.uid != uid:
            return
        if live:
            live.ending = True
        self._view.drop(kind, name)
        await self._supervisor.end(kind, name)
        if self._live.get(key) is live:
            self._live.pop(key, None)

    async def status(self, record: Record) -> Status:
        """What runs of a record now; `Pending` where nothing does."""
        live = self._own(record)
        workload = self._supervisor.find(kind_of(record), record.name)
        if not live or not workload:
            return Status(None, None, None, image_of(record), "Pending")
        return workload.status()

    async def logs(self, record: Record, query: LogQuery) -> LogPage:
        """Lines of one instance. Raises NotFound or Invalid."""
        workload = self._supervisor.find(kind_of(record), record.name) if self._own(record) else None
        log = workload.log(query.instance) if workload else None
        if log is None:
            raise NotFound(f"There is no instance {query.instance} of `{record.name}`.")
        return await page(log, query)

    async def owned(self) -> list[Owned]:
        """All that runs, and what has no more than a card."""
        now = time.monotonic()
        return [
            Owned(kind, name, live.card.uid, live.card.generation, now - live.created, live.whole)
            for (kind, name), live in self._live.items()
        ]

    def refuse(self, record: Record) -> None:
        """Raises Invalid for an unknown image and for references to Secrets."""
        command_of(record, self._images.find(record), self._home.work)

    def _own(self, record: Record) -> Live | None:
        live = self._live.get((kind_of(record), record.name))
        return live if live and live.card.uid == record.uid and not live.ending else None
