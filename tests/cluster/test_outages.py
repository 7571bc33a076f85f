"""What the data plane serves while what stands behind it is away: everything it knew before."""

import asyncio
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from tests.cluster.calls import modern, people, sessions, tools, wrong
from tests.cluster.kube import on_a_thread
from tests.cluster.load import Call, Load
from tests.cluster.node import API_SERVER
from tests.cluster.platform import CONTROL_PLANE, POSTGRES, Platform
from tests.journeys.caller import TEAM, Caller
from tests.journeys.client import Client
from tests.journeys.waiting import until

PEOPLE = 4
OUTAGE = 60.0  # seconds
# Seconds until what was registered right after it runs. Controllers and kubelet find the API server again up to a minute
# after it is back (client-go's reflectors wait 30 to 60 s then); a round of reconcile and a start on a busy machine follow.
BACK = 180.0


async def test_calls_to_what_is_known_go_on_without_the_api_server(platform: Platform, owner: Caller) -> None:
    node = platform.cluster.node
    if node is None:
        pytest.skip("the API server of another cluster is not ours to stop")
    async with _calls(platform, owner) as calls:
        async with Load(calls) as load:
            await on_a_thread(node.stop, API_SERVER, signal.SIGKILL)
            try:
                await asyncio.sleep(OUTAGE)  # the outage itself
            finally:
                await on_a_thread(node.start, API_SERVER)
            await load.more(len(calls))
        print(f"\nAPI server away for {OUTAGE:.0f} s: {load.report}")
        assert load.report.failures == []
    fresh = await owner.register("recorder")  # be it pending: nodes need a moment to find the API server again
    client = Client(owner, fresh, modern=True)
    await until(lambda: client.calling("echo"), lambda reply: reply.status == 200, BACK)
    await until(lambda: owner.get(f"/adapters/{fresh}/status"), lambda reply: reply.status == 200, BACK)


async def test_data_plane_does_not_notice_that_the_control_plane_and_its_records_are_away(
    platform: Platform, owner: Caller
) -> None:
    async with _calls(platform, owner) as calls:
        before = (await owner.get("/adapters")).json
        async with Load(calls) as load:
            for component in (CONTROL_PLANE, POSTGRES):
                await on_a_thread(platform.scale, component, 0)
            assert (await owner.get("/adapters")).problem["status"] in (502, 503)
            await asyncio.sleep(OUTAGE)  # the outage itself
            for component in (POSTGRES, CONTROL_PLANE):
                await on_a_thread(platform.scale, component, 1)
            await load.more(len(calls))
        print(f"\ncontrol plane and PostgreSQL away for {OUTAGE:.0f} s: {load.report}")
        assert load.report.failures == []
        after = await until(lambda: owner.get("/adapters"), lambda reply: reply.status == 200)
        assert after.json == before, "and nothing was lost"


async def test_control_plane_lives_through_an_end_of_its_records(platform: Platform, owner: Caller) -> None:
    name = await owner.register("recorder", replicaCount=0)
    await on_a_thread(platform.restart, POSTGRES)
    found = await until(lambda: owner.get(f"/adapters/{name}"), lambda reply: reply.status != 503)
    assert (found.status, found.json["name"]) == (200, name)


@asynccontextmanager
async def _calls(platform: Platform, owner: Caller) -> AsyncGenerator[list[Call]]:
    """Everything that a client can be in the middle of: with and without sessions, adapters and tools."""
    adapter, tool = await owner.serving("recorder", requiredRoles=[TEAM]), await owner.publish(requiredRoles=[TEAM])
    async with people(platform.url, PEOPLE) as callers:
        held = [await Client(caller, adapter).begin() for caller in callers]
        routed = [await Client(caller).begin() for caller in callers]
        await until(lambda: routed[0].calling(tool), lambda reply: not wrong(reply))
        yield [
            *modern(callers, adapter),
            *tools(callers, tool),
            *sessions(held, "counter"),
            *sessions(routed, tool),
        ]
