"""Key rotation as docs/cluster.md has it: append, promote, drop; each a rolling update under load, and nobody is sent away."""

import asyncio
import secrets
from collections.abc import AsyncGenerator

import msgspec
import pytest

from tests.cluster.calls import beginning, people, sessions, tools, wrong
from tests.cluster.kube import Kube, on_a_thread
from tests.cluster.load import Load
from tests.cluster.platform import PROXY, ROUTER, Platform
from tests.journeys.caller import TEAM, Caller
from tests.journeys.client import Client
from tests.journeys.waiting import until

PEOPLE = 4
SEAL, TRUST = "seal-keys", "gateway-secret"


class Target(msgspec.Struct):
    """Who calls, and what."""

    callers: list[Caller]
    adapter: str
    tool: str

    async def begun(self) -> tuple[list[Client], list[Client]]:
        """New sessions with the adapter, and with the router."""
        adapters = [await Client(caller, self.adapter).begin() for caller in self.callers]
        return adapters, [await Client(caller).begin() for caller in self.callers]


@pytest.fixture
async def target(platform: Platform, owner: Caller) -> AsyncGenerator[Target]:
    adapter, tool = await owner.serving("recorder", requiredRoles=[TEAM]), await owner.publish(requiredRoles=[TEAM])
    async with people(platform.url, PEOPLE) as callers:
        await until(lambda: Client(callers[0], modern=True).calling(tool), lambda reply: not wrong(reply))
        yield Target(callers, adapter, tool)


async def test_new_keys_in_three_rollouts_refuse_no_session(platform: Platform, target: Target) -> None:
    seal, trust = platform.kube.secret(SEAL)["0"], platform.kube.secret(TRUST)["secret"]
    new_seal, new_trust = secrets.token_hex(16), secrets.token_hex(32)
    early = await target.begun()
    append = {SEAL: {"0": seal, "1": new_seal}, TRUST: {"secret": trust, "previousSecret": new_trust}}
    await _rolled_out(platform, target, early, "append", append)
    promote = {SEAL: {"0": new_seal, "1": seal}, TRUST: {"secret": new_trust, "previousSecret": trust}}
    await _rolled_out(platform, target, early, "promote", promote)
    late = await target.begun()
    drop = {SEAL: {"0": new_seal}, TRUST: {"secret": new_trust}}
    await _rolled_out(platform, target, late, "drop", drop)
    statuses = [(await client.ask("ping")).status for clients in early for client in clients]
    assert statuses == [404] * 2 * PEOPLE, "what was sealed with the dropped key is dropped with it"


async def _rolled_out(
    platform: Platform,
    target: Target,
    held: tuple[list[Client], list[Client]],
    stage: str,
    values: dict[str, dict[str, str]],
) -> None:
    """One stage: sessions from before go on, new ones begin at one replica and go on at another."""
    adapters, routed = held
    calls = [*sessions(adapters, "counter"), *sessions(routed, target.tool), *tools(target.callers, target.tool)]
    calls += [*beginning(target.callers, target.adapter), *beginning(target.callers, tool=target.tool)]
    async with Load(calls) as load:
        await on_a_thread(_write, platform.kube, values)
        await asyncio.gather(*(on_a_thread(platform.restart, component) for component in (ROUTER, PROXY)))
        await load.more(len(calls))
    print(f"\nkeys, {stage}: {load.report}")
    assert load.report.failures == []


def _write(kube: Kube, values: dict[str, dict[str, str]]) -> None:
    for name, keys in values.items():
        kube.replace_secret(name, keys)
