"""ToolChecks: what a tool's definition asks of arguments, headers and replies, compiled once and remembered. Calls nobody."""

from collections.abc import Callable

import msgspec
from msgspec import UNSET, Raw, UnsetType

from gateway.card import Card
from gateway.mirrors import Mirror, mirrors
from gateway.schema import Check, compiled


class Checks(msgspec.Struct, frozen=True):
    """Of one definition. `reply` is there where the tool has an `outputSchema`; `mirrors`: arguments repeated in headers."""

    arguments: Check
    reply: Check | None
    mirrors: tuple[Mirror, ...]


class ToolChecks:
    """By name, and for the very definition they were compiled from. Whoever hears that a tool is gone calls `forget`."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Card, Checks]] = {}

    def of(self, card: Card) -> Checks:
        """The checks of a tool's card."""
        known = self._known.get(card.name)
        if known is None or (known[0] is not card and known[0].tool != card.tool):
            definition = bytes(card.tool) if card.tool is not UNSET else b"{}"
            known = self._known[card.name] = (card, _checks(definition))
        return known[1]

    def forget(self, name: str) -> None:
        """Drops what was compiled for a name."""
        self._known.pop(name, None)


class _Definition(msgspec.Struct, rename="camel"):
    input_schema: Raw | UnsetType = UNSET
    output_schema: Raw | UnsetType = UNSET


def _checks(definition: bytes) -> Checks:
    members = msgspec.json.decode(definition, type=_Definition)
    if members.input_schema is UNSET:
        return Checks(_nothing, None, ())
    input = bytes(members.input_schema)
    reply = None if members.output_schema is UNSET else _lasting(bytes(members.output_schema))
    return Checks(_lasting(input), reply, _mirrors(input))


def _lasting(schema: bytes) -> Check:
    """Registration refuses what does not compile; a card written by an older release may hold it nevertheless."""
    try:
        return compiled(schema)
    except ValueError as error:
        return _always(f"the tool's schema cannot be used: {error}")
    except RecursionError:
        return _always("the tool's schema cannot be used: it is nested too deeply")


def _mirrors(schema: bytes) -> tuple[Mirror, ...]:
    try:
        return mirrors(schema)
    except (ValueError, RecursionError):
        return ()  # clients that follow the specification do not mirror such a tool's arguments


def _always(fault: str) -> Callable[[bytes], str | None]:
    return lambda _: fault


def _nothing(value: bytes) -> None:
    del value
