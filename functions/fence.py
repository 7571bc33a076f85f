"""The fence: every write to a cluster's object happens to the very version that was looked at, and never to a newer one.

First creation is a plain create. Without it a slow writer could bring revoked rights back, or a deleted object.
"""

import msgspec

from functions import manifests
from functions.kube_api import Json, KubeApi, KubeError, Resource
from functions.live import Live
from gateway.records import Record

# Looks at an object before a write is given up. More than one, because a StatefulSet's version moves with its status too.
_LOOKS = 5


class Outcome[T: Live](msgspec.Struct):
    """Of a write. `live` is what stands there instead, where nothing was written: as new as the record, or newer."""

    live: T | None = None

    def newer_than(self, record: Record) -> bool:
        """Whether somebody has gone past this record."""
        return self.live is not None and self.live.record_generation > record.generation


async def put[T: Live](api: KubeApi, resource: Resource[T], manifest: Json, record: Record) -> Outcome[T]:
    """Creates the object, or replaces an older one. Raises KubeError, also where the name is somebody else's."""
    name = manifest["metadata"]["name"]
    for _ in range(_LOOKS):
        live = await api.read(resource, name)
        if live is None:
            if await api.create(resource, manifest):
                return Outcome()
            continue
        _own(resource.noun, live, record)
        if live.record_generation >= record.generation:
            return Outcome(live)
        if await api.replace(resource, manifests.replacing(manifest, live)):
            return Outcome()
    raise _busy(resource.noun, name)


async def remove[T: Live](api: KubeApi, resource: Resource[T], name: str, uid: str) -> bool:
    """Deletes the object of that record. False where the name is somebody else's. Nothing there is done. Raises KubeError."""
    for _ in range(_LOOKS):
        live = await api.read(resource, name)
        if live is None:
            return True
        if not live.ours or live.record_uid != uid:
            return False
        if live.ending or await api.delete(resource, live):
            return True
    raise _busy(resource.noun, name)


def _own(noun: str, live: Live, record: Record) -> None:
    what = f"{noun} `{live.metadata.name}`"
    if not live.ours:
        raise KubeError(f"The cluster has a {what} that the gateway did not make and does not touch.", code=409)
    if live.record_uid != record.uid:
        raise KubeError(f"An earlier `{record.name}` still has its {what}.", code=409)
    if live.ending:
        raise KubeError(f"The {what} is being deleted by somebody.", code=409)


def _busy(noun: str, name: str) -> KubeError:
    return KubeError(f"The {noun} `{name}` is being changed by others all the time.", code=409)
