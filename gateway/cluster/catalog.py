"""ClusterCatalog: the Catalog on Kubernetes: cards from Services, instances from EndpointSlices, by list and watch. Asks nothing twice.

Kubernetes' own controller copies a Service's labels to its EndpointSlices, so both are selected by the same labels, on
the server: the proxy never hears of tools, nor the router of adapters.
"""

import asyncio
from collections.abc import Iterable, Iterator, Set
from types import TracebackType
from typing import Self

from gateway.catalog import Cancel, Listener, Listing
from gateway.cluster.api import Api
from gateway.cluster.names import (
    OWNER,
    OWNER_LABEL,
    PLATFORM_NAMESPACE,
    PLATFORM_TYPE,
    TYPE_LABEL,
    TYPES,
    WORKLOAD_NAMESPACE,
)
from gateway.cluster.namespace import Namespace
from gateway.cluster.objects import EndpointSlice, Service
from gateway.cluster.watch import Pace, Watch
from gateway.records import Listed
from gateway.view import View


class ClusterCatalog:
    """`async with ClusterCatalog(api, {"tool"}) as catalog:` it follows while the block runs; `api` is open for longer."""

    def __init__(self, api: Api, kinds: Set[Listed], pace: Pace = Pace()) -> None:  # noqa: B008 (frozen)
        self._view = View()
        self._watches = list(_watches(api, kinds, self._view, pace))
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(watch.run()) for watch in self._watches]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)

    @property
    def synced(self) -> bool:
        """Whether everything was listed at least once."""
        return all(watch.listed for watch in self._watches)

    @property
    def age(self) -> float:
        """Seconds since the API server was heard of last, by the watch that has waited longest. Above 90 something is wrong."""
        return max(watch.age for watch in self._watches)

    def get(self, kind: Listed, name: str) -> Listing | None:
        """The listing of a name, or None."""
        return self._view.get(kind, name)

    def tools(self) -> Iterable[Listing]:
        """Every tool in the order of their names."""
        return self._view.tools()

    def changes(self, listener: Listener) -> Cancel:
        """Calls `listener` after each change until cancelled."""
        return self._view.changes(listener)


def _watches(api: Api, kinds: Set[Listed], view: View, pace: Pace) -> Iterator[Watch[Service] | Watch[EndpointSlice]]:
    types = sorted(TYPES[kind] for kind in kinds if kind != "platform")
    if types:
        yield from _of_namespace(api, WORKLOAD_NAMESPACE, types, view, pace)
    if "platform" in kinds:
        yield from _of_namespace(api, PLATFORM_NAMESPACE, [PLATFORM_TYPE], view, pace)


def _of_namespace(
    api: Api, name: str, types: list[str], view: View, pace: Pace
) -> Iterator[Watch[Service] | Watch[EndpointSlice]]:
    namespace = Namespace(name, view)
    selector = f"{OWNER_LABEL}={OWNER},{TYPE_LABEL} in ({','.join(types)})"
    services = f"/api/v1/namespaces/{name}/services"
    slices = f"/apis/discovery.k8s.io/v1/namespaces/{name}/endpointslices"
    yield Watch(api, services, selector, Service, namespace, pace)
    yield Watch(api, slices, selector, EndpointSlice, namespace.slices, pace)
