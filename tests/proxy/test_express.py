"""Requests that are known in every respect: they take no task, and whatever becomes of them becomes of all others too."""

import asyncio

import msgspec
import pytest
import uvloop

from proxy.settings import Settings
from tests.proxy.gate import MCP, MODERN, SESSION, Gate, Open, StartPod, eventually
from tests.proxy.pod import Exchange, Pod, Script, ok
from tests.proxy.scripts import as_router, garbage, resets, silent, silent_stream, with_sessions
from tests.proxy.wire import Connection, Reply


class Known(msgspec.Struct):
    """A gate, a pod behind it, and the bytes of a request that was answered once."""

    door: Gate
    pod: Pod
    request: bytes

    def then(self, *scripts: Script) -> None:
        """What the pod does with the next requests, one after the other; then all is well again."""
        left = list(scripts)

        async def script(exchange: Exchange) -> None:
            await (left.pop(0) if left else with_sessions)(exchange)

        self.pod.script = script

    async def ask(self) -> Reply:
        """The same request once more, and its reply."""
        async with self.door.connect() as connection:
            await connection.send(self.request)
            return await connection.reply()

    async def asking(self, connection: Connection) -> Exchange:
        """The same request once more, as the pod sees it."""
        await connection.send(self.request)
        return await self.pod.request(len(self.pod.seen) + 1)

    @property
    def direct(self) -> int:
        """How many requests took no task; None do in the other lane."""
        return self.door.proxy.counters.direct

    @property
    def idle(self) -> bool:
        """Whether nothing is under way at the door."""
        return self.door.proxy.under_way == 0 and self.door.proxy.counters.streams == 0


async def known(open_gate: Open, start_pod: StartPod, settings: Settings = Settings()) -> Known:  # noqa: B008 (frozen)
    """In a session of an adapter."""
    door, pod = await open_gate(settings), await start_pod(with_sessions)
    door.adapter(pod)
    id = await door.session()
    found = Known(door, pod, door.request(headers=[(SESSION, id)]))
    first = await found.ask()
    assert (first.status, first.header(SESSION)) == (200, id)
    assert found.direct == 0
    return found


async def _sessionless(open_gate: Open, start_pod: StartPod, affinity: str) -> tuple[Known, list[Pod]]:
    """At an adapter of two instances; nothing was asked yet."""
    door = await open_gate()
    pods = [await start_pod(ok, f"pod-{number}") for number in range(2)]
    door.adapter(*pods, affinity=affinity)
    return Known(door, pods[0], door.request(headers=[MODERN, ("Mcp-Method", "tools/list")])), pods


def _express(fast: int) -> int:
    """As many in the fast lane, none in the other."""
    return fast if isinstance(asyncio.get_running_loop(), uvloop.Loop) else 0


async def test_what_is_known_takes_no_task_and_is_answered_alike(open_gate: Open, start_pod: StartPod) -> None:
    it = await known(open_gate, start_pod)
    counted = it.door.proxy.counters.requests
    first, second = await it.ask(), await it.ask()
    assert (first.status, first.headers, first.body) == (second.status, second.headers, second.body)
    assert it.direct == _express(2)
    assert it.door.proxy.counters.requests == counted + 2
    assert it.pod.seen[-1].head == it.pod.seen[-2].head
    assert it.idle


async def test_requests_follow_one_another_on_one_connection(open_gate: Open, start_pod: StartPod) -> None:
    it = await known(open_gate, start_pod)
    async with it.door.connect() as connection:
        for _ in range(3):
            await connection.send(it.request)
            assert (await connection.reply()).status == 200
    assert it.direct == _express(3)


async def test_request_behind_it_is_answered_after_it(open_gate: Open, start_pod: StartPod) -> None:
    it = await known(open_gate, start_pod)
    async with it.door.connect() as connection:
        go = asyncio.Event()
        it.then(_after(go, with_sessions))
        await it.asking(connection)
        await connection.send(it.request)
        go.set()
        assert [(await connection.reply()).status for _ in range(2)] == [200, 200]
    assert it.direct == _express(1)
    assert it.idle


async def test_kept_connection_that_died_is_replaced(open_gate: Open, start_pod: StartPod) -> None:
    it = await known(open_gate, start_pod)
    it.then(resets)
    assert (await it.ask()).status == 200
    assert it.pod.connections == 2
    assert it.direct == _express(1)
    assert it.idle


async def test_replacement_that_dies_as_well_is_the_end_of_it(open_gate: Open, start_pod: StartPod) -> None:
    it = await known(open_gate, start_pod)
    seen = len(it.pod.seen)
    it.then(resets, resets)
    assert (await it.ask()).status == 502
    assert len(it.pod.seen) == seen + 2
    assert (await it.ask()).status == 200
    assert it.idle


async def test_session_of_an_instance_that_is_gone_is_not_found(open_gate: Open, start_pod: StartPod) -> None:
    it = await known(open_gate, start_pod)

    async def dies(exchange: Exchange) -> None:
        it.door.adapter()
        await it.pod.stop()
        exchange.reset()

    it.then(dies)
    assert (await it.ask()).status == 404
    assert it.idle


async def challenges(exchange: Exchange) -> None:
    """Asks for credentials of its own."""
    await exchange.answer(b"", "WWW-Authenticate: Basic", status=401)


@pytest.mark.parametrize("script", [garbage, challenges])
async def test_answer_that_cannot_be_passed_on_is_refused(open_gate: Open, start_pod: StartPod, script: Script) -> None:
    it = await known(open_gate, start_pod)
    it.then(script)
    failed = it.door.proxy.counters.failed
    assert (await it.ask()).status == 502
    assert it.door.proxy.counters.failed == failed + 1
    assert it.direct == _express(1)
    assert it.idle
    assert (await it.ask()).status == 200


async def test_answer_that_breaks_off_is_cut(open_gate: Open, start_pod: StartPod) -> None:
    async def breaks(exchange: Exchange) -> None:
        await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        exchange.close()

    it = await known(open_gate, start_pod)
    it.then(breaks)
    reply = await it.ask()
    assert (reply.status, reply.clean) == (200, False)
    assert it.direct == _express(1)
    assert it.idle


async def test_answer_that_does_not_begin_is_504(open_gate: Open, start_pod: StartPod) -> None:
    it = await known(open_gate, start_pod, Settings(head_seconds=0.1))
    it.then(silent)
    assert (await it.ask()).status == 504
    assert it.direct == _express(1)
    assert it.idle


async def test_stream_is_relayed_as_it_comes_and_counted(open_gate: Open, start_pod: StartPod) -> None:
    go = asyncio.Event()

    async def events(exchange: Exchange) -> None:
        await exchange.stream()
        await exchange.chunk(b"data: 1\n\n")
        await go.wait()
        await exchange.chunk(b"data: 2\n\n")
        await exchange.chunk(b"")

    it = await known(open_gate, start_pod)
    it.then(events)
    async with it.door.connect() as connection:
        await connection.send(it.request)
        await connection.head()
        assert await connection.chunk() == b"data: 1\n\n"
        assert it.door.proxy.counters.streams == 1
        go.set()
        assert [await connection.chunk(), await connection.chunk()] == [b"data: 2\n\n", b""]
        assert it.idle
        await connection.send(it.request)
        assert (await connection.reply()).status == 200
    assert it.direct == _express(2)


@pytest.mark.parametrize("script", [silent, silent_stream])
async def test_client_that_leaves_is_gone_for_the_server_at_once(
    open_gate: Open, start_pod: StartPod, script: Script
) -> None:
    it = await known(open_gate, start_pod)
    it.then(script)
    async with it.door.connect() as connection:
        exchange = await it.asking(connection)
        connection.reset()
    async with asyncio.timeout(5):
        await exchange.gone.wait()
    await eventually(lambda: it.idle)
    assert it.direct == _express(1)
    assert (await it.ask()).status == 200


async def test_drain_waits_for_it(open_gate: Open, start_pod: StartPod) -> None:
    go = asyncio.Event()
    it = await known(open_gate, start_pod)
    it.then(_after(go, ok))
    async with it.door.connect() as connection:
        await it.asking(connection)
        draining = asyncio.create_task(it.door.proxy.drain())
        assert (await it.ask()).header("Connection") == "close"
        assert not draining.done()
        go.set()
        assert (await connection.reply()).status == 200
        async with asyncio.timeout(5):
            await draining
    assert it.direct == _express(1), "whoever drains says so in each answer"


async def test_stopping_cuts_it(open_gate: Open, start_pod: StartPod) -> None:
    it = await known(open_gate, start_pod)
    it.then(silent)
    async with it.door.connect() as connection:
        exchange = await it.asking(connection)
        async with asyncio.timeout(5):
            await it.door.proxy.stop()
        assert await connection.ended()
        async with asyncio.timeout(5):
            await exchange.gone.wait()
    assert it.idle


async def test_rights_are_those_of_the_moment(open_gate: Open, start_pod: StartPod) -> None:
    it = await known(open_gate, start_pod)
    it.door.adapter(it.pod, requiredRoles=["another"], createdBy="another", generation=2)
    assert (await it.ask()).status == 403
    it.door.view.drop("adapter", "a")
    assert (await it.ask()).status == 404
    assert it.direct == 0


async def test_it_takes_a_turn_as_every_request_does(open_gate: Open, start_pod: StartPod) -> None:
    it = await known(open_gate, start_pod, Settings(rate=1, burst=4))
    assert [(await it.ask()).status for _ in range(3)] == [200, 200, 429]
    assert it.direct == _express(2)
    assert it.pod.connections == 1, "what was taken for the third was kept"


async def test_larger_body_than_may_be_is_refused(open_gate: Open, start_pod: StartPod) -> None:
    it = await known(open_gate, start_pod, Settings(body_limit=10))
    it.request = it.request.replace(b"Content-Length: 2\r\n\r\n{}", b"Content-Length: 11\r\n\r\n" + b" " * 11)
    assert (await it.ask()).status == 413
    assert it.direct == 0


async def test_session_at_the_router_goes_the_same_way(open_gate: Open, start_pod: StartPod) -> None:
    door, pod = await open_gate(), await start_pod(as_router)
    door.routers(pod)
    it = Known(door, pod, door.request(path=MCP, headers=[(SESSION, await door.session(path=MCP))]))
    assert [(await it.ask()).status for _ in range(3)] == [200, 200, 200]
    assert it.direct == _express(2)
    assert it.idle


async def test_requests_without_a_session_go_where_there_is_least_to_do(open_gate: Open, start_pod: StartPod) -> None:
    it, pods = await _sessionless(open_gate, start_pod, "none")
    assert [(await it.ask()).status for _ in range(6)] == [200] * 6
    assert [len(one.seen) for one in pods] == [3, 3]
    assert it.direct == _express(4)
    assert it.door.proxy.counters.choices == 6


async def test_requests_without_a_session_at_the_router_take_none_either(open_gate: Open, start_pod: StartPod) -> None:
    door, pod = await open_gate(), await start_pod(as_router)
    door.routers(pod)
    it = Known(door, pod, door.request(path=MCP, headers=[MODERN, ("Mcp-Method", "tools/list")]))
    assert [(await it.ask()).status for _ in range(3)] == [200, 200, 200]
    assert it.direct == _express(2)
    door.routers()
    asking = asyncio.create_task(it.ask())
    await eventually(lambda: door.proxy.counters.held == 1)
    door.routers(pod)
    assert (await asking).status == 200
    assert it.idle


async def test_no_other_instance_is_asked_once_one_may_have_been(open_gate: Open, start_pod: StartPod) -> None:
    it, pods = await _sessionless(open_gate, start_pod, "principal")
    assert [(await it.ask()).status for _ in range(2)] == [200, 200]
    (it.pod,) = [one for one in pods if one.seen]
    (other,) = [one for one in pods if not one.seen]

    async def dies(exchange: Exchange) -> None:
        await it.pod.stop()
        exchange.reset()

    it.pod.script = dies
    assert (await it.ask()).status == 502
    assert other.seen == []
    assert it.direct == _express(2)
    assert it.idle


def _after(go: asyncio.Event, script: Script) -> Script:
    async def wait(exchange: Exchange) -> None:
        await go.wait()
        await script(exchange)

    return wait
