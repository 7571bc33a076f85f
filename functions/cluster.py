"""The Deployer on Kubernetes: a Service with the card, a StatefulSet, and what can be seen of its pods. Sibling of the local one.

Every write is fenced (`fence`); what is written is `manifests`, what is answered `status` and `logs`, why a card says
`failed` is `verdict`. Errors of the cluster never leave it as such: they are CardNotChanged, WorkloadNotChanged, Unavailable.
"""

import asyncio

from functions import fence, manifests, refusal
from functions.cluster_settings import ClusterSettings
from functions.deployer import CardNotChanged, LogPage, LogQuery, Owned, Status, WorkloadNotChanged
from functions.failure import current
from functions.inventory import inventory
from functions.kube_api import EVENTS, PODS, SERVICES, STATEFULSETS, KubeApi, KubeError
from functions.kube_client import Token
from functions.live import Event, Pod, StatefulSet
from functions.logs import Logs, position_of
from functions.status import pending, status
from functions.verdict import Verdict
from gateway.cluster import names
from gateway.errors import Invalid, NotFound
from gateway.records import Kind, Record, image_of, kind_of

__all__ = ["ClusterSettings", "KubernetesDeployer"]

_ENDING = 5.0  # seconds until the pods of a deleted StatefulSet are on their way out
_PAUSE = 0.1
_TELLING = 4  # instances whose events are asked for


class KubernetesDeployer:
    """A Deployer. `token` gives what is shown to the cluster, where `settings` say its address and no file has one."""

    def __init__(self, settings: ClusterSettings, token: Token | None = None) -> None:
        self._settings = settings
        self._api = KubeApi(settings, token)
        self._verdict = Verdict(self._api, settings)

    async def start(self) -> None:
        """Connects, which the first operation does otherwise. Raises SettingsError."""
        await self._api.start()

    async def close(self) -> None:
        """Ends all connections."""
        await self._api.close()

    async def apply(self, record: Record) -> None:
        """Card, then workload. Where both are there already, the card is told whether the workload can start."""
        try:
            published = await fence.put(self._api, SERVICES, manifests.service(record, self._settings), record)
        except KubeError as error:
            raise CardNotChanged(error.detail, retry_after=error.retry_after) from error
        if published.newer_than(record):
            return
        try:
            wanted = await fence.put(self._api, STATEFULSETS, manifests.stateful_set(record, self._settings), record)
            if published.live and wanted.live:
                await self._verdict.tell(record, published.live, wanted.live)
        except KubeError as error:
            sentence = refusal.sentence(error, record)
            if refusal.is_final(error):
                await self._verdict.refused(record, sentence)
            raise WorkloadNotChanged(sentence, retry_after=error.retry_after) from error
        except Invalid as error:  # stored before it was refused
            await self._verdict.refused(record, error.detail)
            raise WorkloadNotChanged(error.detail) from error

    async def remove(self, kind: Kind, name: str, uid: str) -> None:
        """Card, then workload; returns when none of its instances takes new sessions any more."""
        object_name = names.object_name(kind, name)
        try:
            await fence.remove(self._api, SERVICES, object_name, uid)
        except KubeError as error:
            raise CardNotChanged(error.detail, retry_after=error.retry_after) from error
        try:
            if await fence.remove(self._api, STATEFULSETS, object_name, uid):
                await self._until_ending(kind, name)
        except KubeError as error:
            raise WorkloadNotChanged(error.detail, retry_after=error.retry_after) from error

    async def status(self, record: Record) -> Status:
        """What runs of a record now; `Pending` where nothing does. Raises Unavailable."""
        wanted, pods, events = await asyncio.gather(
            self._workload(record), self._pods(record), self._events(manifests.name_of(record))
        )
        if wanted is None:
            return pending(image_of(record))
        unready = [pod.metadata.name for pod in current(wanted, pods) if not pod.ready][:_TELLING]
        told = await asyncio.gather(*(self._events(name) for name in unready))
        about = {wanted.metadata.uid, *(pod.metadata.uid for pod in pods)}
        known = [event for page in (events, *told) for event in page if event.involved_object.uid in about]
        return status(wanted, pods, known, self._settings.registry)

    async def logs(self, record: Record, query: LogQuery) -> LogPage:
        """Lines of one instance. Raises NotFound, Invalid, Unavailable."""
        position_of(query.since)  # a bad cursor is bad whatever is there
        wanted = await self._workload(record)
        if wanted is None or query.instance >= wanted.spec.replicas:
            raise NotFound(f"There is no instance {query.instance} of `{record.name}`.")
        pod = f"{manifests.name_of(record)}-{query.instance}"
        return await Logs(self._api, pod, wanted.metadata.uid).page(query)

    async def owned(self) -> list[Owned]:
        """All that is ours, by a few lists. Not whole: a half is missing or older, or the card says what is no longer so."""
        return await inventory(self._api)

    def refuse(self, record: Record) -> None:
        """Raises Invalid for resources that contradict each other. Whether there is such an image only the cluster knows."""
        manifests.stateful_set(record, self._settings)

    async def _until_ending(self, kind: Kind, name: str) -> None:
        """The next of that name must not be given the instances of this one: they are found by the same labels."""
        deadline = asyncio.get_running_loop().time() + _ENDING
        while not all(
            pod.ending for pod in (await self._api.list(PODS, labels=manifests.selector_of(kind, name))).items
        ):
            successor = await self._api.read(STATEFULSETS, names.object_name(kind, name))
            if successor and not successor.ending:
                return
            if asyncio.get_running_loop().time() > deadline:
                raise KubeError(f"The instances of `{name}` do not end yet.")
            await asyncio.sleep(_PAUSE)

    async def _workload(self, record: Record) -> StatefulSet | None:
        live = await self._api.read(STATEFULSETS, manifests.name_of(record))
        return live if live and live.ours and live.record_uid == record.uid and not live.ending else None

    async def _pods(self, record: Record) -> list[Pod]:
        return (await self._api.list(PODS, labels=manifests.selector_of(kind_of(record), record.name))).items

    async def _events(self, name: str) -> list[Event]:
        return (await self._api.list(EVENTS, fields=f"involvedObject.name={name}")).items
