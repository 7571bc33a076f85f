"""Key rotation as the operators' page has it: append, promote, drop; each a rolling update, and nobody is sent away."""

import secrets
from collections.abc import Callable

from tests.cluster.calls import beginning, people, sessions, tools, wrong
from tests.cluster.kube import on_a_thread
from tests.cluster.load import Load
from tests.cluster.platform import PROXY, ROUTER, Platform
from tests.journeys.caller import TEAM, Caller
from tests.journeys.client import Client
from tests.journeys.waiting import until

PEOPLE = 4

type Values = dict[str, str]
type Step = Callable[[Values, str], Values]


async def test_new_seal_key_in_three_rollouts_refuses_no_session(platform: Platform, owner: Caller) -> None:
    steps: list[Step] = [
        lambda now, new: {"0": now["0"], "1": new},
        lambda now, new: {"0": new, "1": now["0"]},
        lambda now, new: {"0": new},
    ]
    await _rotation(platform, owner, "seal-keys", secrets.token_hex(16), steps)


async def test_new_trust_secret_in_three_rollouts_refuses_no_session(platform: Platform, owner: Caller) -> None:
    steps: list[Step] = [
        lambda now, new: {"secret": now["secret"], "previousSecret": new},
        lambda now, new: {"secret": new, "previousSecret": now["secret"]},
        lambda now, new: {"secret": new},
    ]
    await _rotation(platform, owner, "gateway-secret", secrets.token_hex(32), steps)


async def _rotation(platform: Platform, owner: Caller, secret: str, new: str, steps: list[Step]) -> None:
    """Sessions begun before, and those begun after each step, are all served to the end; a key dropped is dropped."""
    adapter, tool = await owner.serving("recorder", requiredRoles=[TEAM]), await owner.publish(requiredRoles=[TEAM])
    before = platform.kube.secret(secret)
    async with people(platform.url, PEOPLE) as callers:
        await until(lambda: Client(callers[0], modern=True).calling(tool), lambda reply: not wrong(reply))
        clients = [await Client(caller, adapter).begin() for caller in callers[:2]]
        routed = [await Client(caller).begin() for caller in callers[:2]]
        for step in steps:
            calls = [*sessions(clients, "counter"), *sessions(routed, tool), *tools(callers, tool)]
            calls += [*beginning(callers, adapter), *beginning(callers, tool=tool)]
            async with Load(calls) as load:
                platform.kube.replace_secret(secret, step(before, new))
                for component in (ROUTER, PROXY):
                    await on_a_thread(platform.restart, component)
                await load.more(len(calls))
            print(f"\n{secret}, step {steps.index(step) + 1} of {len(steps)}: {load.report}")
            assert load.report.failures == []
            if step is not steps[-1]:  # those sealed with the key that is dropped next are given up knowingly
                clients = [await Client(caller, adapter).begin() for caller in callers[:2]] + clients
                routed = [await Client(caller).begin() for caller in callers[:2]] + routed
            if step is steps[-2]:
                clients, routed = clients[:2], routed[:2]
    assert platform.kube.secret(secret) == steps[-1](before, new)
