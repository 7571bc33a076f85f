"""Who may read, call and write what."""

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import UNSET, UnsetType

from gateway.access import ADMIN, may_call, may_read, may_use, may_write, require
from gateway.errors import Forbidden
from gateway.identity import principal
from gateway.records import Acl

# A loaded machine is no failure.
_CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


class Thing(msgspec.Struct):
    """Something that is guarded."""

    created_by: str = "Alice"
    required_roles: list[str] = []
    acl: Acl | UnsetType = UNSET


@pytest.mark.parametrize(
    ("id", "roles", "required", "reads", "writes"),
    [
        ("alice", (), [], True, True),
        ("ALICE", (), ["r"], True, True),
        ("bob", ("MCP.Admin",), [], True, True),
        ("bob", ("R",), ["r", "s"], True, False),
        ("bob", ("t",), ["r", "s"], False, False),
        ("bob", (), [], False, False),
        ("bob", ("",), [""], False, False),
    ],
)
def test_matrix(id: str, roles: tuple[str, ...], required: list[str], reads: bool, writes: bool) -> None:
    caller, thing = principal(id, id, roles), Thing(required_roles=required)

    assert may_read(caller, thing) == may_call(caller, thing) == reads
    assert may_write(caller, thing) == writes


def test_acl_decides_each_verb_alone_and_leaves_the_others_to_the_roles() -> None:
    thing = Thing(required_roles=["team"], acl=Acl(call=["callers", "Bob"], write=["ops"]))

    assert may_read(principal("x", "x", ["team"]), thing)
    assert not may_call(principal("x", "x", ["team"]), thing)
    assert may_call(principal("x", "x", ["CALLERS"]), thing)
    assert may_call(principal("bob", "b", []), thing)
    assert not may_read(principal("bob", "b", []), thing)
    assert may_write(principal("x", "x", ["Ops"]), thing)
    assert not may_write(principal("x", "x", ["team"]), thing)


def test_empty_acl_leaves_creator_and_admin() -> None:
    thing = Thing(required_roles=["team"], acl=Acl(read=[], call=[], write=[]))

    for may in (may_read, may_call, may_write):
        assert not may(principal("x", "x", ["team"]), thing)
        assert may(principal("alice", "a", []), thing)
        assert may(principal("x", "x", [ADMIN]), thing)


def test_capability_has_no_way_around_for_creators() -> None:
    assert not may_use(principal("alice", "a", ["mcp.dev"]), [])
    assert not may_use(principal("alice", "a", ["mcp.dev"]), ["wi"])
    assert may_use(principal("x", "x", ["WI"]), ["wi"])
    assert may_use(principal("x", "x", ["mcp.ADMIN"]), [])


def test_require_says_what_may_not_be_done() -> None:
    require(True, "read this adapter")
    with pytest.raises(Forbidden, match="You may not read this adapter"):
        require(False, "read this adapter")


_ROLES = st.lists(st.sampled_from(["a", "A", "b", "ß", "SS", "ss", " c ", ""]), max_size=4)


@_CALM
@given(caller=_ROLES, required=_ROLES, creator=st.booleans())
def test_writers_read_and_reading_is_any_of_the_roles_in_folded_case(
    caller: list[str], required: list[str], creator: bool
) -> None:
    who, thing = principal("alice" if creator else "bob", "", caller), Thing(required_roles=required)

    held = {role.strip().casefold() for role in caller if role.strip()}
    assert may_read(who, thing) == (creator or any(role.casefold() in held for role in required))
    assert may_read(who, thing) or not may_write(who, thing)
