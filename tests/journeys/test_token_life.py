"""What changes from one token of a caller to the next, what stays, and applications that call for themselves."""

import pytest

from tests.journeys import proof
from tests.journeys.caller import TEAM, Caller, adapter, fresh
from tests.journeys.changes import listening
from tests.journeys.client import Client
from tests.journeys.events import event
from tests.journeys.gateway import Gateway
from tests.journeys.tool_list import shown
from tests.journeys.waiting import until

pytestmark = pytest.mark.skipif(not proof.by_tokens(), reason="tokens are verified with JOURNEY_IDENTITY=tokens")

BOTH = pytest.mark.parametrize("modern", [True, False], ids=["modern", "legacy"])
SKEW = 60.0  # seconds that clocks may differ
LEFT = 10.0  # seconds that a token is good for, the skew included: long enough to open streams on a busy machine
SOON = 5.0


@BOTH
async def test_roles_are_those_of_the_token_that_comes_with_the_request(
    gateway: Gateway, recorder: str, modern: bool
) -> None:
    user = fresh("carol")
    async with Caller(gateway.url, user, TEAM) as before, Caller(gateway.url, user, "other") as after:
        client = await Client(before, recorder, modern=modern).begin()
        seen = await client.call("pid")
        later = Client(after, recorder, modern=modern)
        later.session = client.session
        refused = await later.calling("pid")
        assert refused.problem["status"] == 403
        assert "WWW-Authenticate" not in refused.headers, "signing in again would not help"
        assert (await after.get(f"/adapters/{recorder}")).problem["status"] == 403
        assert (await before.get(f"/adapters/{recorder}")).status == 200
        assert await client.call("pid") == seen, "the session went on meanwhile"


@BOTH
async def test_session_goes_on_with_the_next_token_of_its_caller(gateway: Gateway, recorder: str, modern: bool) -> None:
    user = fresh("carol")
    minter = proof.minter()
    async with Caller(gateway.url, user, TEAM) as first:
        client = await Client(first, recorder, modern=modern).begin()
        before = await client.call("pid")
        first.headers = proof.bearer(minter.token(user, [TEAM], uti=fresh()))
        assert await client.call("pid") == before
        first.headers = proof.bearer(minter.token(user, [TEAM], seconds=-2 * SKEW))
        assert (await client.calling("pid")).problem["status"] == 401
        first.headers = proof.bearer(minter.token(user, [TEAM.upper()], uti=fresh()))
        assert await client.call("pid") == before, "a refused request ends no session"


async def test_session_is_of_its_principal_and_not_of_all_with_its_roles(gateway: Gateway, recorder: str) -> None:
    async with Caller(gateway.url, fresh("carol"), TEAM) as carol, Caller(gateway.url, fresh("eve"), TEAM) as eve:
        for name in (recorder, ""):
            hers = await Client(carol, name).begin()
            stolen, forged = Client(eve, name), Client(eve, name)
            stolen.session, forged.session = hers.session, "not-an-id-of-the-gateway"
            one, other = await stolen.ask("ping"), await forged.ask("ping")
            assert (one.status, other.status) == (404, 404)
            assert one.json["error"] == other.json["error"]
            assert one.headers.keys() == other.headers.keys()
            assert (await hers.ask("ping")).status == 200


async def test_stream_outlives_the_token_it_was_opened_with_and_no_request_does(
    gateway: Gateway, ada: Caller, recorder: str
) -> None:
    # A token is looked at when a request begins; a stream that a client could not reopen in time would lose what is said.
    short = proof.bearer(proof.minter().token(ada.user, [*ada.roles.split(","), TEAM], seconds=LEFT - SKEW))
    async with Caller(gateway.url, proven=short) as passing:
        at_adapter, at_router = await Client(passing, recorder).begin(), Client(passing, modern=True)
        async with at_adapter.listening() as stream, listening(at_router) as changes:
            assert stream.status == 200
            for ask in (
                lambda: passing.get("/adapters"),
                lambda: at_adapter.ask("ping"),
                lambda: at_router.ask("ping"),
            ):
                assert (await until(ask, lambda reply: reply.status != 200, 2 * LEFT)).status == 401

            passing.headers = proof.headers(ada.user, f"{ada.roles},{TEAM}")
            await at_adapter.call("say")
            said = await event(stream)
            assert said
            assert said.data["method"] == "notifications/tools/list_changed"
            name = await ada.publish(replicaCount=0)
            await changes.until(1, SOON)
            await shown(at_router, name)


async def test_application_registers_and_calls_for_itself(gateway: Gateway) -> None:
    name = fresh("app")
    token = proof.minter().app_token(name, ["deploy"])
    async with Caller(gateway.url, proven=proof.bearer(token)) as application:
        own = await application.serving("recorder")
        assert (await application.get(f"/adapters/{own}")).json["createdBy"] == name
        assert await (await Client(application, own).begin()).call("echo", text="x") == {"text": "x"}
        headers = dict((await Client(application, own, modern=True).call("headers"))["headers"])
        assert (headers["x-mcp-userid"], headers["x-mcp-roles"]) == (name, "deploy")
        async with Caller(gateway.url, fresh("eve"), "other") as eve:
            assert (await Client(eve, own, modern=True).calling("echo")).problem["status"] == 403


async def test_application_without_a_role_does_not_come_in(gateway: Gateway, recorder: str) -> None:
    token = proof.minter().app_token(proof.USER)
    async with Caller(gateway.url, proven=proof.bearer(token)) as application:
        for refused in (
            await application.get(f"/adapters/{recorder}"),
            await Client(application, recorder, modern=True).calling("echo"),
            await Client(application, modern=True).ask("tools/list"),
        ):
            assert refused.problem["status"] == 403
            assert 'error="insufficient_scope"' in refused.headers["WWW-Authenticate"]


async def test_object_id_in_a_list_of_callers_is_that_of_the_token(gateway: Gateway, caller: Caller) -> None:
    carol, eve = fresh("carol"), fresh("eve")
    name = await caller.serving("recorder", acl={"call": [carol]})
    async with Caller(gateway.url, carol) as allowed, Caller(gateway.url, eve) as other:
        other.headers = proof.bearer(proof.minter().token(eve, sub=carol, name=carol, preferred_username=carol))
        assert await Client(allowed, name, modern=True).call("echo", text="x") == {"text": "x"}
        assert (await Client(other, name, modern=True).calling("echo")).problem["status"] == 403


async def test_admin_of_the_token_may_change_what_others_made(gateway: Gateway, caller: Caller) -> None:
    name = await caller.register("recorder", replicaCount=0)
    body = adapter("recorder", name=name, replicaCount=0, description="by admin")
    async with Caller(gateway.url, fresh("root"), "mcp.engineer") as engineer:
        assert (await engineer.put(f"/adapters/{name}", body)).problem["status"] == 403
        engineer.headers = proof.headers(engineer.user, "mcp.engineer,MCP.Admin")
        assert (await engineer.put(f"/adapters/{name}", body)).json["description"] == "by admin"
        engineer.headers = proof.headers(engineer.user, "mcp.engineer")
        assert (await engineer.get(f"/adapters/{name}")).problem["status"] == 403
