"""Lists of rights through REST: round trips, who sees and changes what, and what stays whose."""

from typing import Any

import pytest

from tests.functions.bodies import adapter, tool
from tests.functions.direct import Direct

_KINDS = pytest.mark.parametrize(("kind", "body"), [("adapter", adapter), ("tool", tool)])
_BOB = "6f1d0b3a-1111-2222-3333-4444aaaabbbb"
_ZOE = "https://id.example.org|Zoe"


@_KINDS
@pytest.mark.parametrize(
    "acl",
    [
        {},
        {"read": []},
        {"read": [], "call": [], "write": []},
        {"call": ["callers"]},
        {"read": ["Auditors", _BOB, _ZOE], "write": ["ops"]},
        {"read": ["r" * 256] * 256},
    ],
)
async def test_lists_come_back_as_they_were_sent_and_go_when_they_are_left_out(
    kind: str, body: Any, acl: dict[str, list[str]]
) -> None:
    direct = Direct()

    created = await direct.call(f"create_{kind}", body=body(acl=acl))
    assert (created.status, created.json["acl"]) == (201, acl)
    assert (await direct.call(f"get_{kind}", "one")).json["acl"] == acl
    assert (await direct.call(f"list_{kind}s")).json[0]["acl"] == acl
    assert (await direct.call(f"replace_{kind}", "one", body(acl=acl))).json["acl"] == acl
    (card,), (found,) = direct.cluster.cards.values(), direct.store.rows()
    assert card.says == ([], found.record.acl)

    assert "acl" not in (await direct.call(f"replace_{kind}", "one", body())).json


@_KINDS
@pytest.mark.parametrize(
    ("user", "roles", "sees"),
    [
        ("alice", "", "rw"),
        ("x", "mcp.admin", "rw"),
        ("x", "auditors", "r"),
        (_BOB.upper(), "", "r"),
        (_ZOE, "", "r"),
        (_ZOE.lower(), "", ""),
        ("x", "ops", "w"),
        ("x", "auditors,ops", "rw"),
        ("x", "callers", ""),
        ("x", "team", ""),
        ("x", "", ""),
    ],
)
async def test_each_verb_of_rest_follows_its_own_list(kind: str, body: Any, user: str, roles: str, sees: str) -> None:
    direct = Direct()
    acl = {"read": ["Auditors", _BOB, _ZOE], "call": ["callers"], "write": ["Ops"]}
    sent = body(acl=acl, requiredRoles=["team"], environmentVariables={"A": "canary"})
    await direct.call(f"create_{kind}", body=sent, user="alice")

    for verb in ("get_{}", "get_{}_status", "get_{}_logs"):
        reply = await direct.call(verb.format(kind), "one", user=user, roles=roles)
        assert reply.status == (200 if "r" in sees else 403)
        assert (b"canary" in reply.body) == (verb == "get_{}" and sees == "rw")
    listed = await direct.call(f"list_{kind}s", user=user, roles=roles)
    assert [record["name"] for record in listed.json] == (["one"] if "r" in sees else [])
    assert (b"canary" in listed.body) == (sees == "rw")
    put = await direct.call(f"replace_{kind}", "one", sent, user=user, roles=roles)
    assert put.status == (200 if "w" in sees else 403)
    assert b"canary" not in put.body or "w" in sees
    assert (await direct.call(f"delete_{kind}", "one", user=user, roles=roles)).status == (204 if "w" in sees else 403)


@_KINDS
async def test_writer_by_list_may_change_the_rights_but_not_whose_it_is(kind: str, body: Any) -> None:
    direct = Direct()
    await direct.call(f"create_{kind}", body=body(acl={"write": ["ops"]}), user="alice")

    mine = body(acl={"write": ["eve"], "read": ["eve"]}, requiredRoles=["eves"], createdBy="eve", uid="u", generation=9)
    put = await direct.call(f"replace_{kind}", "one", mine, user="eve", roles="ops")

    assert (put.status, put.json["createdBy"], put.json["generation"]) == (200, "alice", 2)
    assert (await direct.call(f"get_{kind}", "one", user="eve")).json == put.json
    assert (await direct.call(f"get_{kind}", "one", user="alice")).json == put.json
    back = await direct.call(f"replace_{kind}", "one", body(), user="alice")
    assert back.status == 200
    assert (await direct.call(f"replace_{kind}", "one", body(), user="eve", roles="ops")).status == 403


@_KINDS
async def test_reader_may_change_no_right(kind: str, body: Any) -> None:
    direct = Direct()
    rights = {"acl": {"read": ["bob"], "call": ["bob"]}, "requiredRoles": ["team"]}
    await direct.call(f"create_{kind}", body=body(**rights), user="alice")
    before = direct.store.rows()

    for change in ({}, {"acl": {"write": ["bob"]}}, {**rights, "requiredRoles": []}):
        reply = await direct.call(f"replace_{kind}", "one", body(**change), user="bob", roles="team")
        assert reply.status == 403

    assert direct.store.rows() == before


@_KINDS
async def test_right_to_write_is_no_right_to_a_capability(kind: str, body: Any) -> None:
    direct = Direct()
    sent = body(useWorkloadIdentity=True, acl={"write": ["ops"]})
    await direct.call(f"create_{kind}", body=sent, user="alice", roles="mcp.admin")

    assert (await direct.call(f"replace_{kind}", "one", sent, user="alice")).status == 403
    assert (await direct.call(f"replace_{kind}", "one", sent, user="eve", roles="ops")).status == 403
    assert (await direct.call(f"replace_{kind}", "one", body(), user="eve", roles="ops")).status == 400


async def test_value_that_a_reader_sees_masked_cannot_be_written_back() -> None:
    direct = Direct()
    reference = {"secretRef": {"name": "s", "key": "k"}}
    sent = adapter(environmentVariables={"A": "canary", "B": reference}, acl={"read": ["both"], "write": ["writers"]})
    await direct.call("create_adapter", body=sent, user="alice")

    seen = (await direct.call("get_adapter", "one", user="x", roles="both")).json
    assert seen["environmentVariables"] == {"A": "***", "B": reference}
    put = await direct.call("replace_adapter", "one", seen, user="x", roles="both,writers")

    assert (put.status, put.json["errors"][0]["field"]) == (400, "environmentVariables.A")
    assert direct.store.rows()[0].record.environment_variables["A"] == "canary"


@_KINDS
async def test_no_refusal_shows_a_value(kind: str, body: Any) -> None:
    direct = Direct(images=("example:1",))
    await direct.call(f"create_{kind}", body=body(), user="alice")
    canary = "canary-5f2"
    bad: list[dict[str, Any]] = [
        {"environmentVariables": {"A": f"{canary}\0"}},
        {"environmentVariables": {"A": canary * 4000}},
        {"environmentVariables": {"A": [canary]}},
        {"environmentVariables": {"A": canary}, "imageVersion": "2"},
        {"environmentVariables": {"A": canary}, "replicaCount": 99},
        {"environmentVariables": {"A": canary}, "name": "mcp"},
        {"environmentVariables": {"A": canary}, "args": [canary, 1]},
    ]

    for members in bad:
        for verb, name in (("create", ""), ("replace", "one")):
            reply = await direct.call(f"{verb}_{kind}", name, {**body(), **members}, user="alice")
            assert 400 <= reply.status < 500
            assert canary.encode() not in reply.body
    denied = await direct.call(f"replace_{kind}", "one", body(environmentVariables={"A": canary}), user="eve")
    assert (denied.status, canary.encode() in denied.body) == (403, False)
