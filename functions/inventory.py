"""All that is ours on a cluster, by three lists however many records there are, and a fourth where something has no pod."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from functions.deployer import Owned
from functions.kube_api import EVENTS, PODS, SERVICES, STATEFULSETS, KubeApi
from functions.live import Live, Pod, Service, StatefulSet
from functions.verdict import REFUSALS, is_stale, refusals
from gateway.cluster import names
from gateway.records import Kind

# The platform's own Services have the ownership label too, and another type.
_OURS = f"{names.OWNER_LABEL}={names.OWNER},{names.TYPE_LABEL} in ({','.join(names.TYPES.values())})"

type _Key = tuple[Kind, str, str]


class _Pair(msgspec.Struct):
    service: Service | None = None
    wanted: StatefulSet | None = None

    @property
    def parts(self) -> list[Live]:
        return [part for part in (self.service, self.wanted) if part is not None]


async def inventory(api: KubeApi) -> list[Owned]:
    """By (kind, name, uid of the record), cards and workloads put together. Raises KubeError."""
    services, sets, pods = await asyncio.gather(
        api.list(SERVICES, labels=_OURS), api.list(STATEFULSETS, labels=_OURS), api.list(PODS, labels=_OURS)
    )
    pairs = _paired(services.items, sets.items)
    by_owner = _by_owner(pods.items)
    refused: Mapping[str, str] = {}
    if any(_has_no_pod(pair, by_owner) for pair in pairs.values()):
        refused = refusals((await api.list(EVENTS, fields=REFUSALS)).items)
    return [_owned(key, pair, by_owner, refused, services.now) for key, pair in sorted(pairs.items())]


def _paired(services: Sequence[Service], sets: Sequence[StatefulSet]) -> dict[_Key, _Pair]:
    pairs: defaultdict[_Key, _Pair] = defaultdict(_Pair)
    for service in services:
        if service.key:
            pairs[*service.key, service.record_uid].service = service
    for wanted in sets:
        if wanted.key:
            pairs[*wanted.key, wanted.record_uid].wanted = wanted
    return pairs


def _by_owner(pods: Sequence[Pod]) -> dict[str, list[Pod]]:
    found: defaultdict[str, list[Pod]] = defaultdict(list)
    for pod in pods:
        for owner in pod.metadata.owner_references:
            found[owner.uid].append(pod)
    return found


def _has_no_pod(pair: _Pair, by_owner: Mapping[str, list[Pod]]) -> bool:
    wanted = pair.wanted
    return bool(wanted and wanted.spec.replicas and not by_owner.get(wanted.metadata.uid))


def _owned(
    key: _Key, pair: _Pair, by_owner: Mapping[str, list[Pod]], refused: Mapping[str, str], now: datetime
) -> Owned:
    generations = {part.record_generation for part in pair.parts}
    made = min((part.metadata.creation_timestamp or now for part in pair.parts), default=now)
    whole = bool(pair.service and pair.wanted) and len(generations) == 1
    if whole and pair.service and pair.wanted:
        owner = pair.wanted.metadata.uid
        whole = not is_stale(pair.service, pair.wanted, by_owner.get(owner, []), refused.get(owner, ""))
    kind, name, uid = key
    return Owned(kind, name, uid, min(generations), max((now - made).total_seconds(), 0.0), whole)
