"""Whose tools: a caller lists what it may call, calls what it lists, and cannot tell the rest from what is not there."""

import asyncio
from collections.abc import AsyncGenerator

import msgspec
import pytest

from tests.journeys.caller import Caller
from tests.journeys.client import Client
from tests.journeys.gateway import Gateway
from tests.journeys.reply import Json, Reply
from tests.journeys.result import failure, unknown
from tests.journeys.tool_list import EFFECT, listed, page, pages, shown
from tests.journeys.waiting import until

BOTH = pytest.mark.parametrize("modern", [True, False], ids=["modern", "legacy"])


@pytest.fixture
async def admin(gateway: Gateway) -> AsyncGenerator[Caller]:
    """Who may do everything."""
    async with Caller(gateway.url, "root", "MCP.Admin") as person:
        yield person


@BOTH
@pytest.mark.parametrize(
    ("rights", "open_to_bob"),
    [
        ({}, False),
        ({"requiredRoles": ["{role}"]}, True),
        ({"requiredRoles": ["{ROLE}", "another"]}, True),
        ({"requiredRoles": ["another"]}, False),
        ({"requiredRoles": ["{id}"]}, False),
        ({"acl": {"call": ["{role}"]}}, True),
        ({"acl": {"call": ["{id}"]}}, True),
        ({"acl": {"call": []}, "requiredRoles": ["{role}"]}, False),
        ({"acl": {"call": ["another"]}, "requiredRoles": ["{role}"]}, False),
        ({"acl": {"read": ["{role}"]}}, False),
        ({"acl": {"write": ["{role}"]}}, False),
    ],
)
async def test_who_may_call_a_tool_sees_it_and_nobody_else_does(
    ada: Caller, bob: Caller, admin: Caller, modern: bool, rights: Json, open_to_bob: bool
) -> None:
    name = await ada.publish(replicaCount=0, **_filled(rights, bob))
    owner, other, root = [await Client(person, modern=modern).begin() for person in (ada, bob, admin)]
    for client, may in ((owner, True), (other, open_to_bob), (root, True)):
        if may:
            await shown(client, name)
        else:
            assert name not in await listed(client)
        reply = await client.calling(name)
        if may:
            assert "stopped" in failure(reply)
        else:
            unknown(reply, name, modern=modern)


@BOTH
async def test_hidden_tool_cannot_be_told_from_one_that_is_not_there(ada: Caller, bob: Caller, modern: bool) -> None:
    name = await ada.publish(replicaCount=0)
    client = await Client(bob, modern=modern).begin()
    hidden, hidden_seconds = await _timed(client, name)
    missing, missing_seconds = await _timed(client, name[::-1])
    assert hidden.status == missing.status
    assert hidden.headers.keys() == missing.headers.keys()
    assert _anonymous(hidden, name) == _anonymous(missing, name[::-1])
    assert abs(hidden_seconds - missing_seconds) < 0.5, "nor by how long the answer takes"


@BOTH
async def test_role_taken_away_by_put_is_gone_from_list_and_calls_at_once(
    gateway: Gateway, ada: Caller, bob: Caller, modern: bool
) -> None:
    role = bob.roles
    name = await ada.publish(replicaCount=0, requiredRoles=[role])
    client = await Client(bob, modern=modern).begin()
    await shown(client, name)
    await ada.change(name=name, replicaCount=0)
    if not gateway.embedded:  # there the change travels by a watch
        await until(lambda: listed(client), lambda tools: name not in tools, EFFECT)
    assert name not in await listed(client)
    unknown(await client.calling(name), name, modern=modern)
    await ada.change(name=name, replicaCount=0, requiredRoles=[role])
    await until(lambda: listed(client), lambda tools: name in tools, EFFECT)
    assert "stopped" in failure(await client.calling(name))


@BOTH
async def test_session_sees_what_its_caller_may_call_now_and_not_what_it_might_at_the_beginning(
    gateway: Gateway, ada: Caller, modern: bool
) -> None:
    name = await ada.publish(replicaCount=0, requiredRoles=["late"])
    async with Caller(gateway.url, "carol", "early") as early, Caller(gateway.url, "carol", "late") as late:
        before = await Client(early, modern=modern).begin()
        after = Client(late, modern=modern)
        after.session = before.session
        await shown(after, name)
        assert name not in await listed(before), "roles are those of the request"


@BOTH
async def test_cursor_of_another_caller_is_refused(gateway: Gateway, ada: Caller, bob: Caller, modern: bool) -> None:
    if not gateway.page:
        pytest.skip("how many tools make a second page is not known here")
    role = bob.roles
    names = [await ada.publish(replicaCount=0, requiredRoles=[role]) for _ in range(gateway.page + 1)]
    hers, his = [await Client(person, modern=modern).begin() for person in (ada, bob)]
    await shown(his, names[-1])
    assert [len(one.names) for one in await pages(his)] == [gateway.page, 1]
    first = await page(hers)
    assert (await page(hers, first.next)).names == [max(names)]
    refused = await his.ask("tools/list", cursor=first.next)
    assert refused.status == (400 if modern else 200)
    assert refused.json["error"]["code"] == -32602


def _filled(rights: Json, bob: Caller) -> Json:
    role, id = bob.roles, bob.user
    text = msgspec.json.encode(rights).decode()
    return msgspec.json.decode(text.replace("{role}", role).replace("{ROLE}", role.upper()).replace("{id}", id))


def _anonymous(reply: Reply, name: str) -> Json:
    return {**msgspec.json.decode(reply.message.replace(name.encode(), b"NAME")), "id": 0}


async def _timed(client: Client, name: str) -> tuple[Reply, float]:
    clock = asyncio.get_running_loop().time
    begun = clock()
    return await client.calling(name), clock() - begun
