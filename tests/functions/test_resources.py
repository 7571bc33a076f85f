"""The seven verbs as a client sees them: what is stored, shown, and refused."""

import asyncio
from typing import Any

import pytest

from functions.settings import Settings
from gateway.openapi_words import EXAMPLES
from tests.functions.bodies import adapter, tool
from tests.functions.direct import Direct

_KINDS = pytest.mark.parametrize(("kind", "body"), [("adapter", adapter), ("tool", tool)])
_ONE = ("get_{}", "get_{}_status", "get_{}_logs", "replace_{}", "delete_{}")


async def test_example_bodies_post_verbatim() -> None:
    direct = Direct()

    plain = await direct.call("create_adapter", body=EXAMPLES["create_adapter"])
    weather = await direct.call("create_tool", body=EXAMPLES["create_tool"], roles="mcp.admin")

    assert (plain.status, weather.status) == (201, 201)
    for reply, example in ((plain, "create_adapter"), (weather, "create_tool")):
        shown = {name: reply.json[name] for name in EXAMPLES[example]}
        expected = dict(EXAMPLES[example])
        if "toolDefinition" in expected:
            expected["toolDefinition"] = {**expected["toolDefinition"], "path": "/score"}
        assert shown == expected


@_KINDS
async def test_new_record_has_defaults_and_says_where_it_is(kind: str, body: Any) -> None:
    direct = Direct()

    reply = await direct.call(f"create_{kind}", body=body("a-1"), user="carol")

    assert reply.status == 201
    assert reply.headers["Location"] == f"/{kind}s/a-1"
    assert reply.headers["ETag"] == f'"{reply.json["etag"]}"'
    expected: dict[str, Any] = {
        "kind": kind,
        "id": "a-1",
        "replicaCount": 1,
        "description": "",
        "environmentVariables": {},
        "requiredRoles": [],
        "useWorkloadIdentity": False,
        "createdBy": "carol",
        "generation": 1,
    }
    assert expected.items() <= reply.json.items()
    assert "status" not in reply.json
    assert (await direct.call(f"get_{kind}", "a-1", user="carol")).json == reply.json
    assert (await direct.call(f"list_{kind}s", user="carol")).json == [reply.json]


@_KINDS
async def test_replace_keeps_whose_and_since_when_and_counts_generations(kind: str, body: Any) -> None:
    direct = Direct()
    before = (await direct.call(f"create_{kind}", body=body(description="a", environmentVariables={"A": "1"}))).json

    reply = await direct.call(f"replace_{kind}", "one", body(description="b"), user="zoe", roles="mcp.admin")

    assert reply.status == 200
    kept = ("uid", "createdBy", "createdAt", "id", "name")
    assert {key: reply.json[key] for key in kept} == {key: before[key] for key in kept}
    assert (reply.json["generation"], reply.json["description"], reply.json["environmentVariables"]) == (2, "b", {})
    assert reply.json["lastUpdatedAt"] > before["lastUpdatedAt"]
    assert reply.json["etag"] != before["etag"]


@_KINDS
async def test_deleted_record_is_not_found_and_its_name_free(kind: str, body: Any) -> None:
    direct = Direct()
    await direct.call(f"create_{kind}", body=body())

    gone = await direct.call(f"delete_{kind}", "one")

    assert (gone.status, gone.body) == (204, b"")
    for verb in _ONE:
        reply = await direct.call(verb.format(kind), "one", body())
        assert (reply.status, reply.json["title"]) == (404, "Not Found")
    assert (await direct.call(f"create_{kind}", body=body())).status == 201


@_KINDS
async def test_record_of_the_other_kind_is_not_found(kind: str, body: Any) -> None:
    direct = Direct()
    await direct.call(f"create_{kind}", body=body())
    other, other_body = ("tool", tool) if kind == "adapter" else ("adapter", adapter)

    for verb in _ONE:
        assert (await direct.call(verb.format(other), "one", other_body())).status == 404

    assert (await direct.call(f"get_{kind}", "one")).status == 200


@_KINDS
async def test_name_is_taken_across_kinds_and_callers(kind: str, body: Any) -> None:
    direct = Direct()
    await direct.call("create_adapter", body=adapter("an-adapter"))
    await direct.call("create_tool", body=tool("a-tool"))

    for name in ("an-adapter", "a-tool"):
        for user in ("dev", "eve"):
            reply = await direct.call(f"create_{kind}", body=body(name), user=user)
            assert (reply.status, reply.json["errors"][0]["field"]) == (409, "name")
            assert name in reply.json["detail"]


async def test_name_that_is_still_being_deleted_is_not_found_and_a_conflict() -> None:
    direct = Direct()
    await direct.call("create_adapter", body=adapter())
    (found,) = direct.store.rows()
    found.record.deleted_at = found.record.created_at
    await direct.store.replace(found.record, found.etag)

    for verb in _ONE:
        assert (await direct.call(verb.format("adapter"), "one", adapter())).status == 404
    reply = await direct.call("create_tool", body=tool())
    assert reply.status == 409
    assert "being deleted" in reply.json["detail"]
    assert (await direct.call("list_adapters")).json == []


@pytest.mark.parametrize("name", ["", "A", "a_b", "-a", "a-", "1a", "a" * 41, "../etc", "a\n", "é", "\x00"])
@pytest.mark.parametrize("verb", _ONE)
async def test_what_can_never_be_a_name_is_not_found(verb: str, name: str) -> None:
    assert (await Direct().call(verb.format("adapter"), name, adapter())).status == 404


async def test_stored_text_keeps_every_byte_of_the_raw_tool() -> None:
    direct = Direct()
    raw = b'{"name":"one","x-vendor":{"b":1.10,"a":[null,123456789012345678901234567890],"u":"\\u00e9\\/"},"description":"d"}'
    body = b'{"name":"one","imageName":"i","imageVersion":"1","toolDefinition":{"tool":%s}}' % raw

    await direct.call("create_tool", body=body)

    # An input schema is added where there is none; what was there stays as it was.
    assert raw.removesuffix(b"}") + b',"inputSchema":{"type":"object"}}' in (await direct.call("get_tool", "one")).body


# ---- access ------------------------------------------------------------------------------------------------------------


@_KINDS
@pytest.mark.parametrize(
    ("user", "roles", "reads", "writes"),
    [
        ("alice", "", True, True),
        ("ALICE", "", True, True),
        ("zed", "x,MCP.Admin", True, True),
        ("bob", "team.READERS", True, False),
        ("bob", "mcp.dev", False, False),
        ("bob", "", False, False),
    ],
)
async def test_creator_and_admin_write_role_holders_read(
    kind: str, body: Any, user: str, roles: str, reads: bool, writes: bool
) -> None:
    direct = Direct()
    await direct.call(f"create_{kind}", body=body(requiredRoles=["Team.Readers"]), user="alice")

    for verb in ("get_{}", "get_{}_status", "get_{}_logs"):
        reply = await direct.call(verb.format(kind), "one", user=user, roles=roles)
        assert reply.status == (200 if reads else 403)
    listed = await direct.call(f"list_{kind}s", user=user, roles=roles)
    assert [record["name"] for record in listed.json] == (["one"] if reads else [])
    put = await direct.call(f"replace_{kind}", "one", body(requiredRoles=["Team.Readers"]), user=user, roles=roles)
    assert put.status == (200 if writes else 403)
    assert (await direct.call(f"delete_{kind}", "one", user=user, roles=roles)).status == (204 if writes else 403)


async def test_acl_replaces_required_roles_for_reading_and_adds_writers() -> None:
    direct = Direct()
    acl = {"read": ["auditors", "bob"], "write": ["ops"]}
    await direct.call("create_adapter", body=adapter(requiredRoles=["team"], acl=acl), user="alice")

    async def may(verb: str, user: str, roles: str = "") -> bool:
        body = adapter(requiredRoles=["team"], acl=acl)
        return (await direct.call(verb, "one", body, user=user, roles=roles)).status == 200

    assert not await may("get_adapter", "eve", "team")
    assert await may("get_adapter", "eve", "Auditors")
    assert await may("get_adapter", "bob")
    assert not await may("replace_adapter", "bob")
    assert await may("replace_adapter", "eve", "ops")


async def test_environment_values_are_masked_for_readers_only() -> None:
    direct = Direct()
    env = {"PLAIN": "secret", "REF": {"secretRef": {"name": "s", "key": "k"}}}
    body = adapter(environmentVariables=env, requiredRoles=["readers"])
    created = await direct.call("create_adapter", body=body, user="alice")

    seen = (await direct.call("get_adapter", "one", user="bob", roles="readers")).json
    listed = (await direct.call("list_adapters", user="bob", roles="readers")).json

    assert created.json["environmentVariables"] == env
    assert seen["environmentVariables"] == {**env, "PLAIN": "***"}
    assert listed == [seen]
    put = await direct.call("replace_adapter", "one", {**body, "environmentVariables": {"PLAIN": "***"}}, user="alice")
    assert (put.status, put.json["errors"][0]["field"]) == (400, "environmentVariables.PLAIN")


@_KINDS
async def test_workload_identity_needs_a_role_and_never_changes(kind: str, body: Any) -> None:
    direct = Direct(settings=Settings(workload_identity_roles=("wi.users",)))
    asked = body(useWorkloadIdentity=True)

    refused = await direct.call(f"create_{kind}", body=asked, user="alice", roles="mcp.dev")
    assert (refused.status, refused.json["errors"][0]["field"]) == (403, "useWorkloadIdentity")
    assert not direct.store.rows()

    for name, roles in (("a", "WI.Users"), ("b", "mcp.admin")):
        allowed = await direct.call(
            f"create_{kind}", body=body(name, useWorkloadIdentity=True), user="alice", roles=roles
        )
        assert allowed.status == 201
    without = await direct.call(f"replace_{kind}", "a", body("a", useWorkloadIdentity=True), user="alice")
    assert without.status == 403, "the caller's roles of now count, not those of then"
    changed = await direct.call(f"replace_{kind}", "a", body("a"), user="alice", roles="wi.users")
    assert (changed.status, changed.json["errors"][0]["field"]) == (400, "useWorkloadIdentity")


# ---- preconditions -----------------------------------------------------------------------------------------------------


@_KINDS
@pytest.mark.parametrize("verb", ["replace", "delete"])
async def test_if_match_is_honoured(kind: str, body: Any, verb: str) -> None:
    direct = Direct()
    await direct.call(f"create_{kind}", body=body())
    tag = (await direct.call(f"get_{kind}", "one")).headers["ETag"]

    async def ask(value: str) -> int:
        return (await direct.call(f"{verb}_{kind}", "one", body(), headers={"If-Match": value})).status

    for stale in ('"other"', f"W/{tag}", '"a", "b"', '""'):
        assert await ask(stale) == 412
    for unreadable in ('"a', "a b", ",,"):
        assert await ask(unreadable) == 400
    assert [found.etag for found in direct.store.rows()] == [tag.strip('"')]
    assert await ask(f'"x", {tag}') in (200, 204)


@pytest.mark.parametrize("value", ["*", '"v1"', 'W/"v1", "v1"', "v1"])
async def test_any_version_one_of_several_and_the_etag_member_match(value: str) -> None:
    direct = Direct()
    await direct.call("create_adapter", body=adapter())

    assert (await direct.call("replace_adapter", "one", adapter(), headers={"If-Match": value})).status == 200


async def test_of_many_writers_with_one_etag_one_wins_and_without_it_all_do() -> None:
    direct = Direct()
    tag = (await direct.call("create_adapter", body=adapter())).headers["ETag"]

    with_tag = [direct.call("replace_adapter", "one", adapter(), headers={"If-Match": tag}) for _ in range(6)]
    assert sorted([reply.status for reply in await asyncio.gather(*with_tag)]) == [200] + [412] * 5

    without = [direct.call("replace_adapter", "one", adapter()) for _ in range(6)]
    assert {reply.status for reply in await asyncio.gather(*without)} == {200}
    assert direct.store.rows()[0].record.generation == 8


# ---- lists -------------------------------------------------------------------------------------------------------------


async def test_list_is_sorted_by_name_and_whole_without_a_limit() -> None:
    direct = Direct()
    for name in ("b", "c", "a"):
        await direct.call("create_adapter", body=adapter(name))

    reply = await direct.call("list_adapters")

    assert [record["name"] for record in reply.json] == ["a", "b", "c"]
    assert "Link" not in reply.headers


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 250, 1000])
async def test_pages_of_a_filtered_list_neither_skip_nor_repeat(limit: int) -> None:
    direct = Direct()
    mine = [f"n-{number:03}" for number in range(0, 450, 3)]
    for number in range(450):
        name, kind = f"n-{number:03}", "tool" if number % 3 == 1 else "adapter"
        body = tool(name) if kind == "tool" else adapter(name)
        await direct.call(f"create_{kind}", body=body, user="me" if number % 3 == 0 else "other")

    names: list[str] = []
    query = {"limit": str(limit)}
    while query:
        reply = await direct.call("list_adapters", user="me", query=query)
        assert len(reply.json) <= limit
        names += [record["name"] for record in reply.json]
        link = reply.headers.get("Link", "")
        query = dict(part.split("=") for part in link.partition("?")[2].partition(">")[0].split("&") if part)
        assert not link or link.endswith('rel="next"')

    assert names == mine


@pytest.mark.parametrize(
    ("query", "field"),
    [({"limit": value}, "limit") for value in ("0", "1001", "-1", "x", "", "1.5", "١", "9" * 5000, "1,2")]
    + [({"after": value}, "after") for value in ("", "A", "../x", "a" * 41)],
)
async def test_bad_page_is_refused_by_name(query: dict[str, str], field: str) -> None:
    reply = await Direct().call("list_tools", query=query)

    assert (reply.status, reply.json["errors"][0]["field"]) == (400, field)


# ---- status and logs ---------------------------------------------------------------------------------------------------


async def test_status_is_what_the_deployer_says() -> None:
    direct = Direct()
    await direct.call("create_adapter", body=adapter(replicaCount=2))

    assert (await direct.call("get_adapter_status", "one")).json == {
        "readyReplicas": 2,
        "updatedReplicas": 2,
        "availableReplicas": 2,
        "image": "example:1",
        "replicaStatus": "Healthy",
        "instances": [{"instance": 0, "ready": True}, {"instance": 1, "ready": True}],
    }


async def test_logs_are_text_and_can_be_followed_by_their_cursor() -> None:
    direct = Direct()
    await direct.call("create_adapter", body=adapter())
    direct.cluster.lines["one"] = ["a", "é"]

    first = await direct.call("get_adapter_logs", "one")
    last = await direct.call("get_adapter_logs", "one", query={"tail": "1"})
    direct.cluster.lines["one"].append("c")
    more = await direct.call("get_adapter_logs", "one", query={"since": first.headers["X-Log-Cursor"], "wait": "20"})

    assert (first.body.decode(), last.body.decode(), more.body.decode()) == ("a\né\n", "é\n", "c\n")
    assert first.headers["Link"] == '</adapters/one/logs?instance=0&since=c2&wait=20>; rel="next"'


@pytest.mark.parametrize(
    ("accept", "json"),
    [("application/json", True), ("application/json, text/plain", False), ("*/*", False), ("", False)],
)
async def test_logs_are_a_json_string_for_those_who_take_only_json(accept: str, json: bool) -> None:
    direct = Direct()
    await direct.call("create_adapter", body=adapter())
    direct.cluster.lines["one"] = ["a"]

    reply = await direct.call("get_adapter_logs", "one", headers={"Accept": accept})

    assert reply.body == (b'"a\\n"' if json else b"a\n")


@pytest.mark.parametrize(
    ("field", "value"),
    [("instance", value) for value in ("32", "99", "-1", "x", "")]
    + [("tail", value) for value in ("0", "x", "10001")]
    + [("previous", "yes"), ("since", ""), ("since", "a b"), ("since", "x" * 257), ("since", "foreign")],
)
async def test_bad_log_query_is_refused_by_name(field: str, value: str) -> None:
    direct = Direct()
    await direct.call("create_adapter", body=adapter())

    reply = await direct.call("get_adapter_logs", "one", query={field: value})

    assert (reply.status, reply.json["errors"][0]["field"]) == (400, field)


async def test_wait_out_of_bounds_is_refused_and_an_instance_that_is_not_there_is_not_found() -> None:
    direct = Direct()
    await direct.call("create_adapter", body=adapter())

    for query in ({"wait": "21"}, {"wait": "21", "since": "c0"}):
        assert (await direct.call("get_adapter_logs", "one", query=query)).status == 400
    assert (await direct.call("get_adapter_logs", "one", query={"instance": "1"})).status == 404


# ---- what cannot be deployed -------------------------------------------------------------------------------------------


async def test_unknown_image_is_refused_and_nothing_changes() -> None:
    direct = Direct(images=("example:1",))
    reply = await direct.call("create_adapter", body=adapter(imageVersion="2"))
    assert (reply.status, reply.json["errors"][0]["field"]) == (400, "imageName")
    assert not direct.store.rows()

    await direct.call("create_adapter", body=adapter())
    assert (await direct.call("replace_adapter", "one", adapter(imageVersion="2"))).status == 400
    assert direct.store.rows()[0].record.generation == 1


async def test_card_over_its_size_is_refused_and_nothing_changes() -> None:
    direct = Direct()
    large = tool(tool={"name": "one", "description": "x" * 204_700})

    reply = await direct.call("create_tool", body=large)

    assert (reply.status, reply.json["errors"][0]["field"]) == (400, "toolDefinition")
    assert "204,800" in reply.json["detail"]
    assert not direct.store.rows()


async def test_put_under_another_name_is_refused() -> None:
    direct = Direct()
    await direct.call("create_adapter", body=adapter())

    reply = await direct.call("replace_adapter", "one", adapter("two"))

    assert (reply.status, reply.json["errors"][0]["field"]) == (400, "name")
