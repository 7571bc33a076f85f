"""Audience: which callers are alike to a set of cards: they may call the same of them, so what is worked out for one serves all."""

from collections.abc import Iterable

from msgspec import UNSET, UnsetType

from gateway.access import ADMIN
from gateway.card import Card
from gateway.identity import Principal, comparable

type Likeness = tuple[frozenset[str], str]


class Audience:
    """Of some cards: the roles and the ids that any of them names (the rules are `gateway.access`)."""

    def __init__(self, cards: Iterable[Card]) -> None:
        roles: set[str] = {ADMIN}
        ids: set[str] = set()
        for card in cards:
            ids.add(comparable(card.created_by))
            if (listed := _may_call(card)) is UNSET:
                roles.update(role.casefold() for role in card.required_roles)
            else:  # names roles as well as ids, and nobody can tell which
                roles.update(entry.casefold() for entry in listed)
                ids.update(comparable(entry) for entry in listed)
        self._roles = frozenset(roles)
        self._ids = frozenset(ids)

    def likeness(self, caller: Principal) -> Likeness:
        """Equal for two callers only if every card of this audience is the same to both."""
        id = comparable(caller.id)
        return caller.folded & self._roles, id if id in self._ids else ""


def _may_call(card: Card) -> list[str] | UnsetType:
    return UNSET if card.acl is UNSET else card.acl.call
