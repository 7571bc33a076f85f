"""Namespace: the Services of one namespace, each with the card it bears and the instances of its slices, shown in a view.

What it shows depends on nothing but the objects that are there: a card that cannot be read, or that stands on another
object's Service, is not shown, whatever stood there before.
"""

import logging

import msgspec
from msgspec import UNSET

from gateway.card import Card, decode
from gateway.cluster.names import PLATFORM_NAMESPACE, object_name
from gateway.cluster.objects import Service
from gateway.cluster.slices import Slices
from gateway.records import Listed
from gateway.view import View

_log = logging.getLogger(__name__)


class _Seen(msgspec.Struct, frozen=True, gc=False):
    """Which version of a Service was looked at, and whom its card lists, if anyone."""

    uid: str
    version: str
    listed: tuple[Listed, str] | None


class Namespace:
    """Feed it with Services, and its `slices` with EndpointSlices, in any order."""

    def __init__(self, name: str, view: View) -> None:
        self.name = name
        self.slices = Slices(self._instances_changed)
        self._view = view
        self._services: dict[str, _Seen] = {}

    def replace(self, services: list[Service]) -> None:
        """These are all there are."""
        for name in self._services.keys() - {service.metadata.name for service in services}:
            self._forget(name)
        for service in services:
            self.put(service)

    def put(self, service: Service) -> None:
        """This one is new, or is like this now."""
        metadata = service.metadata
        before = self._services.get(metadata.name)
        if before and (before.uid, before.version) == (metadata.uid, metadata.resource_version):
            return  # of a new list most Services are as they were: none is decoded twice
        card = self._card(service, quiet=before is not None and before.listed is None)
        if card is None:
            self._forget(metadata.name)
        listed = None if card is None else (card.kind, card.name)
        self._services[metadata.name] = _Seen(metadata.uid, metadata.resource_version, listed)
        if card is not None:
            self._view.put_instances(card.kind, card.name, self.slices.of(metadata.name))
            self._view.put_card(card)

    def drop(self, service: Service) -> None:
        """This one is gone."""
        self._forget(service.metadata.name)

    def _forget(self, name: str) -> None:
        seen = self._services.pop(name, None)
        if seen is not None and seen.listed is not None:
            self._view.drop(*seen.listed)

    def _instances_changed(self, service: str) -> None:
        seen = self._services.get(service)
        if seen is not None and seen.listed is not None:
            self._view.put_instances(*seen.listed, self.slices.of(service))

    def _card(self, service: Service, *, quiet: bool) -> Card | None:
        """The card of a Service; None, which is said once, where it bears none that is its own."""
        name, annotations = service.metadata.name, service.metadata.annotations
        try:
            card = _kept(decode((annotations and annotations.card) or ""))
        except (msgspec.DecodeError, UnicodeError) as error:
            return self._skipped(name, f"its card cannot be read ({error})", quiet)
        if name != self._bearer(card):
            return self._skipped(name, f"its card is that of {card.kind} `{card.name}`", quiet)
        return card

    def _bearer(self, card: Card) -> str:
        """The Service on which this card may stand: nobody is listed by two, and nobody under another's name."""
        if card.kind == "platform":
            return f"{card.name}-service" if self.name == PLATFORM_NAMESPACE else ""
        return object_name(card.kind, card.name) if self.name != PLATFORM_NAMESPACE else ""

    def _skipped(self, name: str, why: str, quiet: bool) -> None:
        _log.log(logging.DEBUG if quiet else logging.WARNING, "%s/%s is not listed: %s", self.name, name, why)


def _kept(card: Card) -> Card:
    """The card without the text it was read from: a Raw holds on to all of that."""
    if card.tool is not UNSET:
        card.tool = card.tool.copy()
    return card
