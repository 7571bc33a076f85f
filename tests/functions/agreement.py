"""What must hold between records and cluster once everything has settled."""

from functions.reconcile import Actions, Reconcile
from gateway.records import Record, image_of, kind_of
from tests.functions.memory import MemoryStore
from tests.functions.model_cluster import Key, ModelCluster

LATER = 1000.0  # seconds; older than what reconcile leaves alone


async def reconciled(store: MemoryStore, cluster: ModelCluster, *, rounds: int = 2) -> None:
    """Some rounds later, by a process that knows nothing of what was before; the one after them finds nothing to do."""
    for _ in range(rounds):
        cluster.now += LATER
        await Reconcile(store, cluster).once()
    assert await Reconcile(store, cluster).once() == Actions()


def assert_agreement(store: MemoryStore, cluster: ModelCluster) -> None:
    """No tombstone, no orphan, nothing missing, nothing older than its record."""
    records = [found.record for found in store.rows()]
    assert not [record.name for record in records if record.deleted_at]
    wanted: dict[Key, Record] = {(kind_of(record), record.name): record for record in records}
    assert cluster.cards.keys() == wanted.keys()
    assert cluster.workloads.keys() == wanted.keys()
    for key, record in wanted.items():
        assert_in_force(cluster, record)
        workload = cluster.workloads[key]
        assert (workload.uid, workload.generation) == (record.uid, record.generation)
        assert workload.says == (image_of(record), record.replica_count, record.environment_variables)


def assert_in_force(cluster: ModelCluster, record: Record) -> None:
    """The card carries the rights of this very record."""
    key: Key = (kind_of(record), record.name)
    card = cluster.cards[key]
    assert (card.uid, card.generation) == (record.uid, record.generation)
    assert card.says == (sorted(record.required_roles), record.acl)
