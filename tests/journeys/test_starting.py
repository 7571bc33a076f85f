"""Before an instance is ready, and when it never will be: hold, then say why."""

import asyncio
from collections.abc import Awaitable

import pytest

from tests.fakes.crashes_at_once import REASON
from tests.journeys.caller import Caller, adapter
from tests.journeys.client import Client
from tests.journeys.gateway import Gateway
from tests.journeys.reply import Reply
from tests.journeys.waiting import GIVEN_UP, until

BOTH = pytest.mark.parametrize("modern", [True, False], ids=["modern", "legacy"])
AT_ONCE = 1.0  # seconds


@BOTH
async def test_first_request_is_held_while_its_server_starts(caller: Caller, modern: bool) -> None:
    name = await caller.register("slow-start", environmentVariables={"START_SECONDS": "1"})
    client = await Client(caller, name, modern=modern).begin()
    assert await client.call("echo", text="patience") == {"text": "patience"}


async def test_probe_of_a_modern_client_is_held_too_so_that_it_stays_modern(caller: Caller) -> None:
    name = await caller.register("slow-start", environmentVariables={"START_SECONDS": "1"}, replicaCount=2)
    client = Client(caller, name, modern=True)
    assert (await client.post(client.message("server/discover", {}))).status == 200


@BOTH
async def test_server_that_never_gets_ready_is_unavailable_after_the_hold(
    gateway: Gateway, caller: Caller, modern: bool
) -> None:
    name = await caller.register("never-ready")
    reply, seconds = await _timed(_first(Client(caller, name, modern=modern), modern))
    assert reply.problem["status"] == 503
    assert int(reply.headers["Retry-After"]) > 0
    assert gateway.hold - 0.5 < seconds < gateway.hold + 5
    status = await caller.status(name)
    assert (status["readyReplicas"] or 0) == 0
    assert status["replicaStatus"] == "Degraded: 0/1 ready"


async def test_server_that_cannot_start_is_unavailable_at_once_and_says_why(caller: Caller) -> None:
    name = await caller.register("crashes-at-once")
    assert await _failed(caller, name)
    client = Client(caller, name, modern=True)

    async def timed() -> tuple[Reply, float]:
        return await _timed(client.calling("echo"))

    # The reason is known before the data plane knows it: requests may still be held.
    reply, _ = await until(timed, lambda timed: timed[1] < AT_ONCE, GIVEN_UP)
    assert reply.problem["status"] == 503
    _, _, why = reply.problem["detail"].partition("cannot start: ")
    assert why
    assert "no reason" not in why
    assert "Retry-After" in reply.headers
    logs = await caller.get(f"/adapters/{name}/logs?previous=true")
    assert REASON in logs.body.decode()


async def test_server_that_is_repaired_serves_again(caller: Caller) -> None:
    name = await caller.register("crashes-at-once")
    await _failed(caller, name)
    body = adapter("recorder", name=name)
    assert (await caller.put(f"/adapters/{name}", body)).status == 200
    client = Client(caller, name, modern=True)
    reply = await until(lambda: client.calling("echo", text="well"), lambda reply: reply.status == 200)
    assert reply.json["result"]["structuredContent"] == {"text": "well"}


@BOTH
async def test_stopped_server_is_unavailable_at_once(caller: Caller, modern: bool) -> None:
    name = await caller.register("recorder", replicaCount=0)
    reply, seconds = await _timed(_first(Client(caller, name, modern=modern), modern))
    assert reply.problem["status"] == 503
    assert "Retry-After" in reply.headers
    assert seconds < AT_ONCE


async def test_stopped_server_starts_again_when_it_gets_a_replica(caller: Caller) -> None:
    name = await caller.register("recorder", replicaCount=0)
    body = adapter("recorder", name=name, replicaCount=1)
    assert (await caller.put(f"/adapters/{name}", body)).status == 200
    client = await Client(caller, name).begin()
    assert (await client.call("counter"))["n"] == 1


async def _first(client: Client, modern: bool) -> Reply:
    if modern:
        return await client.post(client.message("server/discover", {}))
    return await client.post(client.message("initialize", {"protocolVersion": "2025-11-25", "capabilities": {}}))


async def _failed(caller: Caller, name: str) -> str:
    """Waits until its only instance has failed to start; why, in the status's words."""
    status = await until(lambda: caller.status(name), lambda status: status["instances"][0].get("restarts", 0) > 0)
    return status["instances"][0]["reason"]


async def _timed(asking: Awaitable[Reply]) -> tuple[Reply, float]:
    """The reply, and the seconds it took."""
    clock = asyncio.get_running_loop().time
    begun = clock()
    return await asking, clock() - begun
