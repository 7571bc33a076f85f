"""How soon what is written is in force: rights at every replica, and a new server's first answer."""

import asyncio
import statistics
import time

import pytest

from gateway.cluster.names import WORKLOAD_NAMESPACE
from tests.cluster.kube import Json, on_a_thread
from tests.cluster.platform import PORT, SERVICE, Platform
from tests.journeys.caller import TEAM, Caller, adapter
from tests.journeys.client import Client
from tests.journeys.waiting import until

EFFECT = 1.0  # seconds from the answer to a PUT to its being in force everywhere
FIRST, ROUNDS = 5.0, 7  # seconds to the first answered call, and of how many the median is taken
SAMPLE = "mcp-example"


async def test_role_taken_away_is_gone_at_both_proxies_within_a_second(platform: Platform, owner: Caller) -> None:
    if not platform.is_own:
        pytest.skip("single pods of another cluster cannot be asked from here")
    name = await owner.serving("recorder", requiredRoles=[TEAM])
    urls = [
        f"http://{one.address}:{PORT}"
        for one in await on_a_thread(platform.kube.endpoints, SERVICE, "mcp-gateway")
        if one.ready
    ]
    assert len(urls) == 2
    async with Caller(urls[0], "bob", TEAM) as one, Caller(urls[1], "bob", TEAM) as other:
        for person in (one, other):
            person.headers["Host"] = platform.url.removeprefix("http://")  # a pod does not answer to its own address
        clients = [
            await Client(person, name, modern=modern).begin() for person in (one, other) for modern in (True, False)
        ]
        for client in clients:
            await client.call("echo")
        clock = asyncio.get_running_loop().time
        assert (await owner.put(f"/adapters/{name}", adapter("recorder", name=name))).status == 200
        begun = clock()
        for client in clients:
            await until(lambda c=client: c.calling("echo"), lambda reply: reply.status == 403, EFFECT)
        print(f"\na role taken away was gone at both proxies {1000 * (clock() - begun):.0f} ms after the answer")
    pods = await on_a_thread(platform.kube.pods, f"mcp-{name}-", WORKLOAD_NAMESPACE)
    assert [pod["status"]["containerStatuses"][0]["restartCount"] for pod in pods] == [0], (
        "nothing was restarted for it"
    )


async def test_first_call_of_a_new_server_is_answered_within_seconds(platform: Platform, owner: Caller) -> None:
    """The image is present on the node: the first round, which may pull it, is not counted."""
    rounds = [await _first_call(platform, owner) for _ in range(ROUNDS + 1)][1:]
    whole = statistics.median(sum(parts.values()) for parts in rounds)
    median = {part: statistics.median(parts[part] for parts in rounds) for part in rounds[0]}
    told = ", ".join(f"{part} {seconds:.2f} s" for part, seconds in median.items())
    print(f"\nPOST /adapters of {SAMPLE} to the first answered call: median {whole:.2f} s of {ROUNDS} ({told})")
    assert whole < FIRST


async def _first_call(platform: Platform, owner: Caller) -> dict[str, float]:
    """Seconds of each part of the way, the call sent as soon as the POST was answered."""
    seen: dict[str, float] = {}
    begun = time.monotonic()
    name = await owner.register(SAMPLE)
    seen["POST"] = time.monotonic()
    watching = asyncio.create_task(on_a_thread(_watch, platform, name, seen))
    client = Client(owner, name, modern=True)
    assert (await client.calling("echo", text="first")).json["result"]["content"][0]["text"] == "first"
    seen["answered"] = time.monotonic()
    await watching
    assert (await owner.delete(f"/adapters/{name}")).status == 204
    order = ["POST", "pod made", "container started", "endpoint ready", "answered"]
    moments = [begun, *(seen[part] for part in order)]
    return {part: max(0.0, after - before) for part, before, after in zip(order, moments, moments[1:], strict=False)}


def _watch(platform: Platform, name: str, seen: dict[str, float]) -> None:
    """Notes when the pod was made, its container started, and its endpoint became ready."""

    def pods() -> list[Json]:
        return platform.kube.pods(f"mcp-{name}-", WORKLOAD_NAMESPACE)

    kube = platform.kube
    kube.until(pods, bool, "the pod")
    seen["pod made"] = time.monotonic()
    kube.until(pods, lambda found: any(_started(pod) for pod in found), "the container")
    seen["container started"] = time.monotonic()
    kube.until(lambda: kube.endpoints(f"mcp-{name}"), lambda found: any(one.ready for one in found), "the endpoint")
    seen["endpoint ready"] = time.monotonic()


def _started(pod: Json) -> bool:
    statuses: list[Json] = pod["status"].get("containerStatuses") or []
    return any("running" in one["state"] for one in statuses)
