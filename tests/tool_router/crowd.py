"""Strategies: tools with rights of every kind, and callers who may or may not call them. Few words, so that they meet."""

import msgspec
from hypothesis import strategies as st

from gateway.access import ADMIN, may_call
from gateway.card import Card
from gateway.identity import Principal, principal
from gateway.records import Acl
from gateway.view import View
from tests.tool_router.desk import card

WORDS = ["red", "RED", "blue", "straße", "STRASSE", "anna", "Anna", "bob", ADMIN]
NAMES = ["a", "aa", "ab", "b", "c", "d-1", "Z", "é", "zz"]

words = st.lists(st.sampled_from(WORDS[:-1]), max_size=3)


def _caller(id: str, roles: list[str]) -> Principal:
    return principal(id, id, roles)


callers = st.builds(_caller, st.sampled_from([*WORDS[:-1], "nobody"]), st.lists(st.sampled_from(WORDS), max_size=2))
acls = st.one_of(
    st.just(msgspec.UNSET),
    st.builds(Acl),
    st.builds(Acl, read=words, call=words),
    st.builds(Acl, call=words),
    st.builds(Acl, read=words),
)


def _card(name: str, owner: str, roles: list[str], acl: Acl | msgspec.UnsetType, version: int) -> Card:
    made = card(name, createdBy=owner, requiredRoles=roles, generation=version, tool={"x": version})
    made.acl = acl
    return made


cards = st.builds(_card, st.sampled_from(NAMES), st.sampled_from(WORDS[:-1]), words, acls, st.integers(1, 3))


def open_to(view: View, caller: Principal) -> list[str]:
    """The names of the tools that the rules let somebody call."""
    return sorted(listing.card.name for listing in view.tools() if may_call(caller, listing.card))
