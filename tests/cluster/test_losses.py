"""Pods that are lost: what becomes of sessions, of calls under way, and of those who come after."""

import asyncio

import aiohttp

from tests.cluster.calls import modern, people, sessions, tools, wrong
from tests.cluster.kube import on_a_thread
from tests.cluster.load import Load
from tests.cluster.platform import PROXY, ROUTER, Platform
from tests.cluster.strike import kill
from tests.journeys.caller import TEAM, Caller
from tests.journeys.client import Client
from tests.journeys.reply import Reply
from tests.journeys.waiting import until

PEOPLE = 6
GONE = 1.0  # seconds from an endpoint's end to the 404 of its sessions


async def test_proxy_that_is_killed_costs_no_session(platform: Platform, owner: Caller) -> None:
    name = await owner.serving("recorder", requiredRoles=[TEAM], replicaCount=2)
    victim = (await on_a_thread(platform.kube.names, f"{PROXY}-"))[0]
    async with people(platform.url, PEOPLE) as callers:
        clients = [await Client(caller, name).begin() for caller in callers]
        for client in clients:
            await client.call("counter")
        async with Load(sessions(clients, "echo")) as load:
            kill(platform, victim)
            await load.more(50 * PEOPLE)
        counts = [await client.call("counter") for client in clients]
    print(f"\nproxy killed: {load.report}")
    assert [count["n"] for count in counts] == [2] * PEOPLE, "every session went on where it was"
    answered = [what for _, what in load.report.failures if not _is_cut(what)]
    assert answered == [], "whoever got an answer got a good one"
    await on_a_thread(platform.kube.rolled_out, "deployment", PROXY)


async def test_router_that_is_killed_costs_no_session(platform: Platform, owner: Caller) -> None:
    tool = await owner.publish(requiredRoles=[TEAM])
    victim = (await on_a_thread(platform.kube.names, f"{ROUTER}-"))[0]
    async with people(platform.url, PEOPLE) as callers:
        clients = [await Client(caller).begin() for caller in callers]
        await until(lambda: clients[0].calling(tool), lambda reply: not wrong(reply))
        async with Load([*sessions(clients, tool), *tools(callers, tool)]) as load:
            kill(platform, victim)
            await load.more(50 * PEOPLE)
        after = [wrong(await client.calling(tool)) for client in clients]
    print(f"\nrouter killed: {load.report}")
    assert after == [""] * PEOPLE
    assert len(load.report.failures) <= 4 * PEOPLE, "only what was under way there"
    await on_a_thread(platform.kube.rolled_out, "stateful_set", ROUTER)


async def test_sessions_of_a_deleted_pod_are_gone_at_once_and_new_ones_are_fine(
    platform: Platform, owner: Caller
) -> None:
    name = await owner.serving("recorder", requiredRoles=[TEAM], replicaCount=2)
    clients = [await Client(owner, name).begin() for _ in range(8)]
    homes = [(await client.call("env"))["HOSTNAME"] for client in clients]
    victim = homes[0]
    lost, kept = [
        [client for client, home in zip(clients, homes, strict=True) if (home == victim) is so] for so in (True, False)
    ]
    async with people(platform.url, PEOPLE) as callers, Load(modern(callers, name)) as load:
        await on_a_thread(platform.kube.delete_pod, victim, "adapter")
        await on_a_thread(_until_gone, platform, name, victim)
        for client in lost:
            reply: Reply = await until(lambda c=client: c.calling("counter"), lambda reply: reply.status == 404, GONE)
            assert reply.media == "application/json"
        assert [(await client.call("counter"))["n"] for client in kept] == [1] * len(kept)
        async with asyncio.timeout(5):
            again = await Client(owner, name).begin()
            assert (await again.call("counter"))["n"] == 1
        await load.more(PEOPLE)
    print(f"\npod deleted: {load.report}; {len(lost)} sessions lost, {len(kept)} kept")
    assert load.report.failures == []


async def test_stream_to_a_deleted_pod_ends_and_does_not_hang(platform: Platform, owner: Caller) -> None:
    name = await owner.serving("recorder")
    client = await Client(owner, name).begin()
    pod = (await on_a_thread(platform.kube.endpoints, f"mcp-{name}"))[0].pod
    async with client.listening() as stream:
        assert stream.status == 200
        await on_a_thread(platform.kube.delete_pod, pod, "adapter")
        async with asyncio.timeout(40):
            try:
                while await stream.content.readany():
                    pass
            except aiohttp.ClientPayloadError:
                pass  # cut is an end as well


def _until_gone(platform: Platform, name: str, pod: str) -> None:
    platform.kube.until(
        lambda: [one.pod for one in platform.kube.endpoints(f"mcp-{name}")],
        lambda pods: pod not in pods,
        "the endpoint",
    )


def _is_cut(what: str) -> bool:
    return what.startswith(("ServerDisconnected", "ClientOSError", "ClientConnectorError", "ConnectionReset"))
