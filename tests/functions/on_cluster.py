"""A control plane over a fake API server: its records, its deployer, and what must hold between them once all has settled."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from msgspec import structs

from functions.cluster import ClusterSettings, KubernetesDeployer
from functions.lifecycle import Lifecycle
from functions.reconcile import Actions, Reconcile
from gateway.card import Card, card_of, decode, encode
from gateway.cluster import names
from gateway.records import Kind, Record, image_of, kind_of
from tests.functions.api_objects import Json, copied
from tests.functions.api_server import ApiServer, serving
from tests.functions.memory import MemoryStore
from tests.functions.steps import Steps

LATER = timedelta(seconds=1000)  # older than what reconcile leaves alone
REGISTRY = "registry.example"


class OnCluster:
    """`deployer` is that of the process which lives now."""

    def __init__(self, server: ApiServer, kubeconfig: str) -> None:
        self.server = server
        self.settings = ClusterSettings(registry=REGISTRY, kubeconfig=kubeconfig, page=3)
        self.store = MemoryStore(server.steps)
        self.deployer = KubernetesDeployer(self.settings)

    async def another_process(self, seconds: float = 10) -> None:
        """From now on; it waits so long for an answer."""
        await self.deployer.close()
        self.deployer = KubernetesDeployer(structs.replace(self.settings, seconds=seconds))

    @property
    def lifecycle(self) -> Lifecycle:
        """Creates, replaces and deletes."""
        return Lifecycle(self.store, self.deployer)

    @property
    def reconcile(self) -> Reconcile:
        """By the process that lives now."""
        return Reconcile(self.store, self.deployer)

    def remember(self) -> Callable[[], None]:
        """What brings back everything as it is now."""
        tables, rows = copied(self.server.objects.tables), self.store.snapshot()
        later, logs = self.server.objects.later, dict(self.server.pods.logs)

        def again() -> None:
            self.server.steps.disarm()
            self.server.objects.tables, self.server.objects.later = copied(tables), later
            self.server.pods.logs = dict(logs)
            self.store.restore(rows)

        return again

    async def run[T](self, act: Awaitable[T]) -> T:
        """Runs it as a process that dies when a step says so: asyncio.CancelledError, and another process lives on."""
        task = asyncio.ensure_future(act)
        self.server.died = task.cancel
        try:
            return await task
        finally:
            if task.cancelled():
                await self.another_process()

    async def reconciled(self) -> None:
        """Two rounds later; the one after them finds nothing to do, and asks for no change."""
        self.server.steps.disarm()
        for _ in range(2):
            self.server.objects.later += LATER
            await self.reconcile.once()
        self.server.questions.clear()
        assert await self.reconcile.once() == Actions()
        assert self.server.writes == []

    def metadata(self, plural: str, kind: Kind = "adapter", name: str = "one") -> Json:
        """Of a live object."""
        return self.server.objects.get(plural, names.object_name(kind, name))["metadata"]

    def card(self, kind: Kind = "adapter", name: str = "one") -> Card:
        """What the data plane sees."""
        return decode(self.metadata("services", kind, name)["annotations"][names.CARD])

    def assert_agreement(self) -> None:
        """No tombstone, no orphan, nothing missing, nothing older than its record."""
        records = [found.record for found in self.store.rows()]
        assert not [record.name for record in records if record.deleted_at]
        wanted = {names.object_name(kind_of(record), record.name): record for record in records}
        for plural in ("services", "statefulsets"):
            assert self.server.objects.tables[plural].keys() == wanted.keys()
            for name, record in wanted.items():
                annotations = self.server.objects.get(plural, name)["metadata"]["annotations"]
                assert annotations[names.UID] == record.uid
                assert annotations[names.GENERATION] == str(record.generation)
        for record in records:
            self.assert_follows(record)

    def assert_follows(self, record: Record) -> None:
        """Card and workload are those of this very record."""
        assert encode(self.card(kind_of(record), record.name)) == encode(card_of(record))
        spec = self.server.objects.get("statefulsets", names.object_name(kind_of(record), record.name))["spec"]
        assert spec["replicas"] == record.replica_count
        assert spec["template"]["spec"]["containers"][0]["image"] == f"{REGISTRY}/{image_of(record)}"


@asynccontextmanager
async def on_cluster(folder: Path, *, seed: int | None = None) -> AsyncGenerator[OnCluster]:
    """One with nothing registered and nothing deployed."""
    async with serving(Steps(seed)) as server:
        running = OnCluster(server, server.kubeconfig(folder))
        try:
            yield running
        finally:
            await running.deployer.close()
