"""Audience: which callers are alike to a set of cards: they may call the same of them, so what is worked out for one serves all."""

from collections.abc import Iterable

from msgspec import UNSET

from gateway.access import ADMIN
from gateway.card import Card
from gateway.identity import Principal

type Likeness = tuple[frozenset[str], str]


class Audience:
    """Of some cards: the roles and the ids that any of them names (the rules are `gateway.access`)."""

    def __init__(self, cards: Iterable[Card]) -> None:
        named: set[str] = set()
        owners: set[str] = set()
        for card in cards:
            owners.add(card.created_by.casefold())
            named.update(role.casefold() for role in (card.required_roles if card.acl is UNSET else _may_call(card)))
        self._roles = frozenset(named | {ADMIN})
        self._ids = owners | named  # a list of rights may name ids as well as roles

    def likeness(self, caller: Principal) -> Likeness:
        """Equal for two callers only if every card of this audience is the same to both."""
        id = caller.id.casefold()
        return caller.folded & self._roles, id if id in self._ids else ""


def _may_call(card: Card) -> list[str]:
    listed = card.acl.call if card.acl is not UNSET else UNSET
    return card.required_roles if listed is UNSET else listed
