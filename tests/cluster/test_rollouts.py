"""Rolling updates under load: new versions of an adapter, the router and the proxy, and nobody who calls notices.

A call that waits for its instance counts as answered, as long as it waits no longer than the gateway promises.
"""

import asyncio
from collections.abc import Callable

import pytest

from tests.cluster.calls import modern, people, sessions, tools, wrong
from tests.cluster.kube import on_a_thread
from tests.cluster.load import Load
from tests.cluster.platform import HOLD, PROXY, ROUTER, Platform
from tests.journeys.caller import TEAM, Caller, adapter
from tests.journeys.client import Client
from tests.journeys.waiting import until

PEOPLE = 6
REPLICAS = pytest.mark.parametrize("replicas", [1, 2])


@REPLICAS
async def test_new_version_of_an_adapter_fails_no_modern_call(platform: Platform, owner: Caller, replicas: int) -> None:
    name = await owner.serving("recorder", requiredRoles=[TEAM], replicaCount=replicas)
    body = adapter(
        "recorder", name=name, requiredRoles=[TEAM], replicaCount=replicas, environmentVariables={"VERSION": "2"}
    )
    async with people(platform.url, PEOPLE) as callers:
        async with Load(modern(callers, name)) as load:
            assert (await owner.put(f"/adapters/{name}", body)).status == 200
            await on_a_thread(platform.kube.rolled_out, "stateful_set", f"mcp-{name}", "adapter")
            await load.more(PEOPLE)
        seen = await Client(callers[0], name, modern=True).call("env")
    _quiet(load, f"adapter with {replicas}")
    assert seen["VERSION"] == "2"


@REPLICAS
async def test_new_version_of_the_gateway_itself_fails_no_call(
    platform: Platform, owner: Caller, replicas: int
) -> None:
    """Proxies and routers at the same time, as a new release replaces them."""
    adapter_, tool = await owner.serving("recorder", requiredRoles=[TEAM]), await _tool(owner)
    await _both(platform.scale, replicas)
    try:
        async with people(platform.url, PEOPLE) as callers:
            held = [await Client(caller, adapter_).begin() for caller in callers]
            routed = [await Client(caller).begin() for caller in callers]
            calls = [*modern(callers, adapter_), *tools(callers, tool)]
            calls += [*sessions(held, "counter"), *sessions(routed, tool)]
            async with Load(calls) as load:
                await _both(platform.restart)
                await load.more(len(calls))
    finally:
        await _both(platform.scale, 2)
    _quiet(load, f"proxy and router with {replicas}")


async def _both(verb: Callable[..., None], *more: object) -> None:
    await asyncio.gather(*(on_a_thread(verb, component, *more) for component in (PROXY, ROUTER)))


async def _tool(owner: Caller) -> str:
    """A tool that answers."""
    name = await owner.publish(requiredRoles=[TEAM])
    client = Client(owner, modern=True)
    await until(lambda: client.calling(name), lambda reply: not wrong(reply))
    return name


def _quiet(load: Load, what: str) -> None:
    print(f"\nrollout of {what}: {load.report}")
    assert load.report.failures == []
    assert load.report.longest < HOLD
