"""Slices: the EndpointSlices of one namespace by the Service they belong to. Knows no card and no view."""

from collections.abc import Callable

from gateway.catalog import Instance
from gateway.cluster.instances import instances_of, merged
from gateway.cluster.objects import EndpointSlice

type _Slices = dict[str, tuple[Instance, ...]]


class Slices:
    """Calls `changed(service)` after each change of a Service's instances."""

    def __init__(self, changed: Callable[[str], None]) -> None:
        self._changed = changed
        self._by_service: dict[str, _Slices] = {}
        self._service_of: dict[str, str] = {}

    def of(self, service: str) -> tuple[Instance, ...]:
        """The instances of a Service."""
        return merged(self._by_service.get(service, {}).values())

    def replace(self, slices: list[EndpointSlice]) -> None:
        """These are all there are."""
        for name in self._service_of.keys() - {slice.metadata.name for slice in slices}:
            self._forget(name)
        for slice in slices:
            self.put(slice)

    def put(self, slice: EndpointSlice) -> None:
        """This one is new, or is like this now."""
        name = slice.metadata.name
        service = slice.metadata.labels.service if slice.metadata.labels else ""
        if self._service_of.get(name, service) != service:
            self._forget(name)
        if not service:
            return
        self._service_of[name] = service
        others, instances = self._by_service.setdefault(service, {}), instances_of(slice)
        if others.get(name) != instances:
            others[name] = instances
            self._changed(service)

    def drop(self, slice: EndpointSlice) -> None:
        """This one is gone."""
        self._forget(slice.metadata.name)

    def _forget(self, name: str) -> None:
        service = self._service_of.pop(name, None)
        if service is None:
            return
        others = self._by_service[service]
        del others[name]
        if not others:
            del self._by_service[service]
        self._changed(service)
