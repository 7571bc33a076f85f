"""Who may read, call, write, create and use what: the whole table, written by hand from what was promised, never computed."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import UNSET, Raw, UnsetType

from gateway.access import Guarded, may_call, may_create, may_read, may_use, may_write, require
from gateway.card import card_of, card_of_router
from gateway.errors import Forbidden
from gateway.identity import Principal, principal
from gateway.records import Acl, Adapter, Tool, ToolDefinition
from gateway.runs import Agent

# A loaded machine is no failure.
_CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

_BOB = "6F1D0B3A-1111-2222-3333-4444AAAAbbbb"
_SUBJECT = "https://id.example.org|Zoë"

# The columns: id, roles.
_CALLERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "creator": ("Alice", ()),
    "creator'": ("aLICE", ()),  # another case of the same object id
    "admin": ("x", ("mcp.admin",)),
    "admin'": ("x", ("MCP.Admin",)),
    "team": ("x", ("Team.A",)),
    "team'": ("x", ("other", "tEAM.a")),
    "listed": ("x", ("Auditors",)),  # a role that the list of rights names
    "listed'": ("x", ("aUDITORS",)),
    "bob": (_BOB, ()),  # an object id that it names
    "bob'": (_BOB.lower(), ()),
    "subject": (_SUBJECT, ()),  # a subject that it names
    "subject'": (_SUBJECT.lower(), ()),  # another subject: their case is their own
    "none": ("x", ()),
    "dev": ("x", ("mcp.dev", "mcp.admins", "mcp", "admin", "team", "a")),  # nearly something
}
_NAMED = ["auditors", _BOB.upper(), _SUBJECT]

# The rows: what the record says of rights, and then each caller's r(ead), c(all), w(rite).
_RIGHTS: dict[str, tuple[list[str], Acl | UnsetType]] = {
    "nothing": ([], UNSET),
    "roles": (["team.A", "team.b"], UNSET),
    "roles, acl without lists": (["team.A"], Acl()),
    "roles, acl of empty lists": (["team.A"], Acl(read=[], call=[], write=[])),
    "roles, acl.read": (["team.A"], Acl(read=_NAMED)),
    "roles, acl.call": (["team.A"], Acl(call=_NAMED)),
    "roles, acl.write": (["team.A"], Acl(write=_NAMED)),
    "roles, acl.read empty": (["team.A"], Acl(read=[])),
    "roles, acl.call empty": (["team.A"], Acl(call=[])),
    "roles, acl.write empty": (["team.A"], Acl(write=[])),
    "roles, all of acl": (["team.A"], Acl(read=_NAMED, call=_NAMED, write=_NAMED)),
    "no roles, acl.call": ([], Acl(call=_NAMED)),
}
_TABLE = """
                          | creator creator' admin admin' | team team' | listed listed' bob bob' subject subject' | none dev
nothing                   | rcw     rcw      rcw   rcw    | ---  ---   | ---    ---     --- ---  ---     ---      | ---  ---
roles                     | rcw     rcw      rcw   rcw    | rc-  rc-   | ---    ---     --- ---  ---     ---      | ---  ---
roles, acl without lists  | rcw     rcw      rcw   rcw    | rc-  rc-   | ---    ---     --- ---  ---     ---      | ---  ---
roles, acl of empty lists | rcw     rcw      rcw   rcw    | ---  ---   | ---    ---     --- ---  ---     ---      | ---  ---
roles, acl.read           | rcw     rcw      rcw   rcw    | -c-  -c-   | r--    r--     r-- r--  r--     ---      | ---  ---
roles, acl.call           | rcw     rcw      rcw   rcw    | r--  r--   | -c-    -c-     -c- -c-  -c-     ---      | ---  ---
roles, acl.write          | rcw     rcw      rcw   rcw    | rc-  rc-   | --w    --w     --w --w  --w     ---      | ---  ---
roles, acl.read empty     | rcw     rcw      rcw   rcw    | -c-  -c-   | ---    ---     --- ---  ---     ---      | ---  ---
roles, acl.call empty     | rcw     rcw      rcw   rcw    | r--  r--   | ---    ---     --- ---  ---     ---      | ---  ---
roles, acl.write empty    | rcw     rcw      rcw   rcw    | rc-  rc-   | ---    ---     --- ---  ---     ---      | ---  ---
roles, all of acl         | rcw     rcw      rcw   rcw    | ---  ---   | rcw    rcw     rcw rcw  rcw     ---      | ---  ---
no roles, acl.call        | rcw     rcw      rcw   rcw    | ---  ---   | -c-    -c-     -c- -c-  -c-     ---      | ---  ---
"""

_WHEN = datetime(2026, 1, 1, tzinfo=UTC)
_DECIDED: dict[str, Any] = {
    "id": "one",
    "name": "one",
    "created_at": _WHEN,
    "last_updated_at": _WHEN,
    "uid": "u",
    "generation": 1,
}
_IMAGE: dict[str, Any] = {"image_name": "i", "image_version": "1"}


def _things(creator: str, roles: list[str], acl: Acl | UnsetType) -> dict[str, Guarded]:
    """Everything that has an owner, saying the same of rights. Agents have no lists of rights."""
    said: dict[str, Any] = {**_DECIDED, "created_by": creator, "required_roles": roles}
    adapter = Adapter(**said, **_IMAGE, acl=acl)
    tool = Tool(**said, **_IMAGE, acl=acl, tool_definition=ToolDefinition(tool=Raw(b"{}")))
    things: dict[str, Guarded] = {
        "adapter": adapter,
        "tool": tool,
        "card of an adapter": card_of(adapter),
        "card of a tool": card_of(tool),
    }
    if acl is UNSET:
        things["agent"] = Agent(**said, model="m", system="s")
    return things


def _cells() -> list[tuple[str, str, str]]:
    head, *rows = [[cell.strip() for cell in line.split("|")] for line in _TABLE.strip("\n").splitlines()]
    columns = " ".join(head[1:]).split()
    return [
        (row[0], column, cell) for row in rows for column, cell in zip(columns, " ".join(row[1:]).split(), strict=True)
    ]


def test_table_is_whole() -> None:
    assert [(row, column) for row, column, _ in _cells()] == [(row, column) for row in _RIGHTS for column in _CALLERS]


@pytest.mark.parametrize(("rights", "who", "expected"), _cells())
def test_table_of_rights(rights: str, who: str, expected: str) -> None:
    id, held = _CALLERS[who]
    caller = principal(id, id, held)

    for kind, thing in _things("ALICE", *_RIGHTS[rights]).items():
        found = (
            ("r" if may_read(caller, thing) else "-")
            + ("c" if may_call(caller, thing) else "-")
            + ("w" if may_write(caller, thing) else "-")
        )
        assert found == expected, kind


@pytest.mark.parametrize(
    ("creator", "caller", "owns"),
    [
        ("Alice", "alice", True),
        ("https://id.example.org|Alice", "https://id.example.org|Alice", True),
        ("https://id.example.org|Alice", "https://id.example.org|alice", False),
        ("https://id.example.org|Alice", "https://ID.example.org|Alice", False),
        ("https://id.example.org|alice", "alice", False),
        ("https://id.example.org|alice", "https://id.example.com|alice", False),
        ("", "", False),  # nobody owns what nobody made
        ("", "alice", False),
        ("alice", "", False),
    ],
)
def test_creator_is_the_one_with_the_same_id(creator: str, caller: str, owns: bool) -> None:
    who = principal(caller, caller, ["mcp.dev"])

    for kind, thing in _things(creator, ["team"], UNSET).items():
        assert (may_read(who, thing), may_call(who, thing), may_write(who, thing)) == (owns, owns, owns), kind


def test_role_is_no_id_of_a_creator_and_an_id_no_required_role() -> None:
    for thing in _things("team", ["alice"], UNSET).values():
        assert not may_read(principal("x", "x", ["team"]), thing)
        assert not may_read(principal("alice", "x", []), thing)


def test_blank_roles_and_entries_let_nobody_in() -> None:
    for caller in (principal("", "", ["", " "]), principal(" ", " ", [])):
        for thing in _things("alice", [""], UNSET).values():
            assert not may_read(caller, thing)


def test_platforms_own_services_belong_to_nobody() -> None:
    assert not may_write(principal("", "", []), card_of_router())


_CAPABILITIES = [
    # roles held, roles configured: a capability is used, and records are created
    ((), (), False, True),
    (("mcp.dev",), (), False, True),
    (("mcp.admin",), (), True, True),
    (("MCP.ADMIN",), (), True, True),
    ((), ("wi",), False, False),
    (("mcp.dev", "wii", "w"), ("wi",), False, False),
    (("wi",), ("wi",), True, True),
    (("WI",), ("x", "wi"), True, True),
    (("wi",), ("x", "Wi"), True, True),
    (("mcp.admin",), ("wi",), True, True),
    (("mcp.Admin",), ("wi",), True, True),
    (("alice",), ("bob",), False, False),
]


@pytest.mark.parametrize(("held", "configured", "uses", "creates"), _CAPABILITIES)
def test_capabilities_are_closed_and_creating_is_open_until_roles_are_configured(
    held: tuple[str, ...], configured: tuple[str, ...], uses: bool, creates: bool
) -> None:
    caller = principal("alice", "alice", held)

    assert may_use(caller, configured) == uses
    assert may_create(caller, configured) == creates


@pytest.mark.parametrize("configured", [("alice",), ("ALICE",), (_SUBJECT,)])
def test_capability_is_given_to_roles_and_never_to_ids(configured: tuple[str, ...]) -> None:
    for id in ("alice", _SUBJECT):
        assert not may_use(principal(id, id, []), configured)
        assert not may_create(principal(id, id, []), configured)


def test_require_says_what_may_not_be_done() -> None:
    require(True, "read this adapter")
    with pytest.raises(Forbidden, match="You may not read this adapter"):
        require(False, "read this adapter")


class Thing(msgspec.Struct):
    """Something that is guarded."""

    created_by: str = "Alice"
    required_roles: list[str] = []
    acl: Acl | UnsetType = UNSET


_ROLES = st.lists(st.sampled_from(["a", "A", "b", "ß", "SS", "ss", " c ", ""]), max_size=4)


@_CALM
@given(caller=_ROLES, required=_ROLES, creator=st.booleans())
def test_without_acl_writers_read_and_reading_is_any_of_the_roles_in_folded_case(
    caller: list[str], required: list[str], creator: bool
) -> None:
    who, thing = principal("alice" if creator else "bob", "", caller), Thing(required_roles=required)

    held = {role.strip().casefold() for role in caller if role.strip()}
    assert may_read(who, thing) == (creator or any(role.casefold() in held for role in required))
    assert may_read(who, thing) or not may_write(who, thing)


_ENTRIES = st.lists(st.sampled_from(["a", "A", "b", "i|s", "i|S", "I|s"]), max_size=3)


@_CALM
@given(
    id=st.sampled_from(["a", "A", "b", "i|s", "i|S", "x"]),
    held=_ROLES,
    listed=_ENTRIES,
    required=_ROLES,
)
def test_a_present_list_alone_decides_its_verb(
    id: str, held: list[str], listed: list[str], required: list[str]
) -> None:
    who: Principal = principal(id, "", held)
    of_lists = Thing("owner", required, Acl(read=listed, call=listed, write=listed))
    without_roles = Thing("owner", [], of_lists.acl)

    for may in (may_read, may_call, may_write):
        assert may(who, of_lists) == may(who, without_roles)
    assert may_read(who, of_lists) == may_call(who, of_lists) == may_write(who, of_lists)
