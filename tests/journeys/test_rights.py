"""Who may read, call and change an adapter; and how soon a change of mind is in force."""

from collections.abc import AsyncGenerator

import pytest

from tests.journeys.caller import TEAM, Caller, adapter, fresh
from tests.journeys.client import Client
from tests.journeys.gateway import Gateway
from tests.journeys.reply import Reply
from tests.journeys.waiting import until

EFFECT = 1.0  # seconds for a change of rights to reach the data plane


@pytest.fixture
async def bob(gateway: Gateway) -> AsyncGenerator[Caller]:
    """Somebody with the role `team`, who owns nothing."""
    async with Caller(gateway.url, "bob", TEAM) as person:
        yield person


@pytest.mark.parametrize("modern", [True, False], ids=["modern", "legacy"])
async def test_role_taken_away_by_put_is_gone_for_calls_and_open_sessions(
    caller: Caller, bob: Caller, modern: bool
) -> None:
    name = await caller.serving("recorder", requiredRoles=[TEAM.upper()])
    client = await Client(bob, name, modern=modern).begin()
    before = await client.call("pid")
    body = adapter("recorder", name=name)
    assert (await caller.put(f"/adapters/{name}", body)).status == 200
    refused = await until(lambda: client.calling("pid"), lambda reply: reply.status != 200, EFFECT)
    assert refused.problem["status"] == 403
    assert "WWW-Authenticate" not in refused.headers, "signing in again would not help"
    assert (await caller.put(f"/adapters/{name}", {**body, "requiredRoles": [TEAM]})).status == 200
    back: Reply = await until(lambda: client.calling("pid"), lambda reply: reply.status != 403, EFFECT)
    assert back.json["result"]["structuredContent"] == before, "nothing was restarted for it"


async def test_reader_sees_names_of_variables_and_not_their_values(caller: Caller, bob: Caller) -> None:
    plain = {"PLAIN": "value"}
    name = await caller.register("recorder", replicaCount=0, requiredRoles=[TEAM], environmentVariables=plain)
    assert (await caller.get(f"/adapters/{name}")).json["environmentVariables"] == plain
    assert (await bob.get(f"/adapters/{name}")).json["environmentVariables"] == {"PLAIN": "***"}
    listed = next(record for record in (await bob.get("/adapters")).json if record["name"] == name)
    assert listed["environmentVariables"] == {"PLAIN": "***"}


async def test_mask_sent_back_is_refused_and_not_stored(caller: Caller) -> None:
    name = await caller.register("recorder", replicaCount=0, environmentVariables={"PLAIN": "value"})
    body = {**(await caller.get(f"/adapters/{name}")).json, "environmentVariables": {"PLAIN": "***"}}
    refused = await caller.put(f"/adapters/{name}", body)
    assert refused.status == 400
    assert refused.fields == ["environmentVariables.PLAIN"]
    assert (await caller.get(f"/adapters/{name}")).json["environmentVariables"] == {"PLAIN": "value"}


async def test_role_to_read_is_none_to_change(caller: Caller, bob: Caller) -> None:
    name = await caller.register("recorder", replicaCount=0, requiredRoles=[TEAM])
    body = adapter("recorder", name=name)
    assert (await bob.get(f"/adapters/{name}")).status == 200
    assert (await bob.put(f"/adapters/{name}", body)).problem["status"] == 403
    assert (await bob.delete(f"/adapters/{name}")).problem["status"] == 403
    assert (await caller.get(f"/adapters/{name}")).json["requiredRoles"] == [TEAM]


async def test_stranger_sees_nothing_in_lists_and_is_refused_by_name(gateway: Gateway, caller: Caller) -> None:
    name = await caller.register("recorder", replicaCount=0, requiredRoles=[TEAM])
    async with Caller(gateway.url, "eve", "other") as eve:
        for path in (f"/adapters/{name}", f"/adapters/{name}/status", f"/adapters/{name}/logs"):
            assert (await eve.get(path)).problem["status"] == 403
        assert (await Client(eve, name, modern=True).calling("pid")).problem["status"] == 403
        assert all(record["name"] != name for record in (await eve.get("/adapters")).json)


async def test_admin_may_do_everything(gateway: Gateway, caller: Caller) -> None:
    name = await caller.serving("recorder")
    async with Caller(gateway.url, "root", "MCP.Admin") as admin:
        assert await Client(admin, name, modern=True).call("echo", text="x") == {"text": "x"}
        body = adapter("recorder", name=name, description="by admin")
        changed = await admin.put(f"/adapters/{name}", body)
        assert changed.json["description"] == "by admin"
        assert changed.json["createdBy"] == (await caller.get(f"/adapters/{name}")).json["createdBy"]


async def test_list_of_callers_replaces_the_roles_for_its_verb_alone(caller: Caller, bob: Caller) -> None:
    name = await caller.serving("recorder", requiredRoles=[TEAM], acl={"call": ["carol"]})
    assert (await bob.get(f"/adapters/{name}")).status == 200
    assert (await Client(bob, name, modern=True).calling("pid")).problem["status"] == 403


async def test_workload_identity_needs_its_role_whoever_asks(gateway: Gateway, bob: Caller) -> None:
    async with Caller(gateway.url, fresh("owner")) as owner:
        refused = await owner.post("/adapters", adapter("recorder", replicaCount=0, useWorkloadIdentity=True))
        assert refused.problem["status"] == 403
        assert (await owner.get("/adapters")).json == []
