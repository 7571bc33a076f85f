"""The verdict on a workload, written on its card: that it cannot start, and why, or no longer so.

Only the card's `state` and `reason` change, for the very (uid, generation) that was judged: a newer record's card is another
version of the Service, and the write is refused.
"""

import logging

import msgspec

from functions import manifests
from functions.cluster_settings import ClusterSettings
from functions.failure import failure
from functions.kube_api import EVENTS, PODS, SERVICES, STATEFULSETS, KubeApi, KubeError
from functions.live import Event, Pod, Service, StatefulSet
from gateway import card
from gateway.card import Card
from gateway.records import Record, kind_of

REFUSALS = "involvedObject.kind=StatefulSet,reason=FailedCreate"

_LENGTH = 500  # characters of a reason

_log = logging.getLogger(__name__)


class Verdict:
    """Judges, and tells the data plane."""

    def __init__(self, api: KubeApi, settings: ClusterSettings) -> None:
        self._api = api
        self._settings = settings

    async def tell(self, record: Record, published: Service, wanted: StatefulSet) -> None:
        """Writes the card again where it says something else than the record and what runs. Raises KubeError."""
        pods = (await self._api.list(PODS, labels=manifests.selector_of(kind_of(record), record.name))).items
        refused = "" if pods else refusals(await self._refusals(wanted)).get(wanted.metadata.uid, "")
        await self._say(record, published, failure(wanted, pods, refused, published.failure or ""))

    async def refused(self, record: Record, reason: str) -> None:
        """The cluster does not want the workload: where none runs, none will. That this could not be said is only logged."""
        name = manifests.name_of(record)
        try:
            published = await self._api.read(SERVICES, name)
            if published and _is_of(published, record) and await self._api.read(STATEFULSETS, name) is None:
                await self._say(record, published, published.failure or reason)
        except KubeError as error:
            _log.warning("the card of %s could not be told that it is refused: %s", name, error.detail)

    async def _say(self, record: Record, published: Service, reason: str) -> None:
        said = stated(card.card_of(record), reason[:_LENGTH])
        if published.card != msgspec.json.encode(said).decode():
            manifest = manifests.service(record, self._settings, said)
            await self._api.replace(SERVICES, manifests.replacing(manifest, published))

    async def _refusals(self, wanted: StatefulSet) -> list[Event]:
        return (await self._api.list(EVENTS, fields=f"{REFUSALS},involvedObject.name={wanted.metadata.name}")).items


def stated(said: Card, reason: str) -> Card:
    """The card, saying `failed` where there is a reason."""
    return msgspec.structs.replace(said, state="failed" if reason else "", reason=reason)


def refusals(events: list[Event]) -> dict[str, str]:
    """The latest reason why no pod could be made, by the StatefulSet's uid."""
    dated = sorted(events, key=lambda event: event.at.timestamp() if event.at else 0.0)
    return {event.involved_object.uid: event.message for event in dated}


def is_stale(published: Service, wanted: StatefulSet, pods: list[Pod], refused: str) -> bool:
    """Whether the card says something else than what runs."""
    return published.failure != failure(wanted, pods, refused, published.failure or "")


def _is_of(published: Service, record: Record) -> bool:
    return published.ours and (published.record_uid, published.record_generation) == (record.uid, record.generation)
