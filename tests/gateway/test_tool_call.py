"""Calls of tools: which instance is asked, how often, for how long, and what is said when it does not answer."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Generator

import pytest

from gateway.catalog import Instance
from tests.gateway.caller import Calls, calling
from tests.proxy.gate import eventually
from tests.proxy.pod import Exchange, Script, ok, pod
from tests.proxy.scripts import garbage, resets, silent


@pytest.fixture
async def calls() -> AsyncGenerator[Calls]:
    """Calls that wait 0.3 s for an instance and take 100,000 bytes."""
    async with calling() as made:
        yield made


@pytest.fixture
def nobody() -> Generator[Instance]:
    """An instance where nobody listens: the port is bound, so that no other test gets it."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield Instance("nobody", "127.0.0.1", bound.getsockname()[1])


async def _hangs_up(exchange: Exchange) -> None:
    exchange.close()


async def _cut(exchange: Exchange) -> None:
    await exchange.send(b'HTTP/1.1 200 OK\r\nContent-Length: 26\r\n\r\n{"half":"of it')
    exchange.close()


async def test_request_is_the_arguments_and_nothing_of_the_caller(calls: Calls) -> None:
    arguments = b'{ "b":1.10, "a":"\\u00e9\\/" ,\n"n":12345678901234567890 }'
    async with pod(ok) as tool:
        calls.tool("a", tool)
        await calls("a", arguments)
        (seen,) = tool.seen

    assert (seen.method, seen.target, seen.body) == ("POST", "/score", arguments)
    assert dict(seen.headers) == {
        "host": "localhost:8123",
        "content-type": "application/json",
        "accept": "application/json, */*;q=0.5",
        "content-length": str(len(arguments)),
    }


TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.mark.parametrize(
    ("request_id", "traceparent", "told"),
    [
        ("r-1", TRACE, {"x-request-id": "r-1", "traceparent": TRACE}),
        ("", "", {}),
        ("r\r\nX-Evil: 1", f"{TRACE}\r\nX-Evil: 1", {}),
        ("r\n", f"{TRACE}\0", {}),
        ("é", "\udcff", {}),
        ("", "x" * 100_000, {}),
    ],
)
async def test_tool_is_told_of_the_request_in_lines_that_cannot_be_broken(
    calls: Calls, request_id: str, traceparent: str, told: dict[str, str]
) -> None:
    async with pod(ok) as tool:
        calls.tool("a", tool)
        assert (await calls("a", request_id=request_id, traceparent=traceparent)).result == "ok"
        (seen,) = tool.seen

    kept = {name: value for name, value in seen.headers if name in ("x-request-id", "traceparent", "x-evil")}
    assert kept == told


async def test_arguments_that_do_not_fit_never_reach_the_tool(calls: Calls) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    async with pod(ok) as tool:
        calls.tool("a", tool, definition={"inputSchema": schema})
        for arguments, words in ((b"{}", '"n" is a required'), (b'{"n":"x"}', 'n: "x" is not of type "integer"')):
            outcome = await calls("a", arguments)
            assert outcome.result == "invalid"
            assert outcome.text.startswith("The arguments do not fit the tool's input schema: ")
            assert words in outcome.text
        assert tool.seen == []
    assert calls.results == ["invalid", "invalid"]


async def test_instance_that_takes_no_connection_is_passed_over_once(calls: Calls, nobody: Instance) -> None:
    async with pod(ok) as tool:
        calls.tool("a", nobody, tool)
        for _ in range(10):
            assert (await calls()).result == "ok"
        assert len(tool.seen) == 10
    assert calls.loads == {}


async def test_every_instance_that_takes_no_connection_is_passed_over(calls: Calls, nobody: Instance) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        other = Instance("other", "127.0.0.1", bound.getsockname()[1])
        async with pod(ok) as tool:
            calls.tool("a", nobody, other, tool)
            outcomes = [await calls() for _ in range(60)]
            assert len(tool.seen) == 60, "and none is carried out twice"
    assert {outcome.result for outcome in outcomes} == {"ok"}


async def test_instance_that_took_no_connection_is_tried_again_though_the_catalog_says_nothing_new() -> None:
    async with calling(hold_seconds=10) as calls, pod(ok) as tool:
        await tool.stop()
        calls.tool("a", tool)
        call = asyncio.create_task(calls())
        await eventually(lambda: calls.held == 1)
        await tool.start()
        assert (await call).result == "ok"
        assert len(tool.seen) == 1


async def test_only_instance_that_takes_no_connection_is_unavailable(calls: Calls, nobody: Instance) -> None:
    calls.tool("a", nobody)
    outcome = await calls()

    assert (outcome.result, outcome.text) == ("unavailable", "The tool takes no connection. Try again later.")
    assert (calls.results, calls.loads) == (["unavailable"], {})


@pytest.mark.parametrize("script", [resets, _hangs_up, garbage, _cut])
async def test_whatever_was_sent_is_never_sent_again(calls: Calls, script: Script) -> None:
    async with pod(script, "one") as one, pod(script, "two") as two:
        calls.tool("a", one, two)
        for count in range(1, 6):
            assert (await calls()).result == "failed"
            assert len(one.seen) + len(two.seen) == count


async def test_connection_that_was_closed_meanwhile_is_replaced_once(calls: Calls) -> None:
    async with pod(ok) as tool:
        calls.tool("a", tool)
        await calls()

        async def hangs_up_on_the_second(exchange: Exchange) -> None:
            if exchange.connection == 1:
                exchange.close()
            else:
                await exchange.answer(b'"fresh"')

        tool.script = hangs_up_on_the_second
        assert (await calls()).text == '"fresh"'
        assert tool.connections == 2


async def test_slow_tool_is_cut_off_when_its_time_is_over(calls: Calls) -> None:
    async def half(exchange: Exchange) -> None:
        await exchange.stream()
        await exchange.chunk(b"half")
        await exchange.gone.wait()

    async with pod(silent, "s") as tool, pod(half, "h") as other:
        calls.tool("a", tool, timeout=1)
        calls.tool("b", other, timeout=1)
        outcomes = await asyncio.gather(calls("a"), calls("b"))
        for outcome in outcomes:
            assert (outcome.result, outcome.text) == ("timeout", "The tool did not answer within 1 s.")
        async with asyncio.timeout(1):
            await tool.seen[0].gone.wait()
            await other.seen[0].gone.wait()
    assert calls.results == ["timeout", "timeout"]
    assert all(900 < line["durationMs"] < 5000 for line in calls.lines)
    assert calls.loads == {}


async def test_cancelled_call_cuts_its_connection_at_once(calls: Calls) -> None:
    async with pod(silent) as tool:
        calls.tool("a", tool)
        call = asyncio.create_task(calls())
        exchange = await tool.request()
        assert calls.loads == {"pod-1": 1}
        call.cancel()
        async with asyncio.timeout(1):
            await exchange.gone.wait()
        await asyncio.wait([call])
    assert call.cancelled()
    assert (calls.results, calls.loads) == (["cancelled"], {})


async def test_least_loaded_of_two_is_asked() -> None:
    """Of three instances the slow one is asked least: it is chosen only against another that is as busy."""
    async with calling() as calls, pod(ok, "1") as one, pod(ok, "2") as two, pod(ok, "slow") as slow:
        calls.tool("a", one, two, slow)
        held = asyncio.Event()

        async def waits(exchange: Exchange) -> None:
            await held.wait()
            await exchange.answer()

        slow.script = waits
        first = asyncio.create_task(calls())
        pending = [first]
        while not slow.seen:
            pending = [task for task in pending if not task.done()]
            pending.append(asyncio.create_task(calls()))
            await asyncio.wait(pending, timeout=0.05)
        stuck = len(slow.seen)
        quick = [one, two]
        before = sum(len(each.seen) for each in quick)
        for _ in range(100):
            assert (await calls()).result == "ok"
        assert len(slow.seen) == stuck, "it is busy, and one of the others is idle in every pair"
        assert sum(len(each.seen) for each in quick) == before + 100
        assert min(len(each.seen) for each in quick) > 20, "both take their share"
        held.set()
        await asyncio.gather(*pending)
        assert calls.loads == {}


async def test_instances_that_are_not_ready_are_not_asked(calls: Calls) -> None:
    async with pod(ok, "1") as ready, pod(ok, "2") as leaving:
        calls.tool("a", ready, leaving.instance(ready=False))
        for _ in range(20):
            await calls()
        assert (len(ready.seen), len(leaving.seen)) == (20, 0)


async def test_full_disk_fails_no_call_and_is_counted(calls: Calls, caplog: pytest.LogCaptureFixture) -> None:
    def full(_: bytes) -> None:
        raise OSError(28, "No space left on device")

    calls.write = full
    async with pod(ok) as tool:
        calls.tool("a", tool)
        for _ in range(3):
            assert (await calls()).result == "ok"
        calls.write = calls.trail.append
        assert (await calls()).result == "ok"
    assert (calls.audit.lost, calls.results) == (3, ["ok"])
    assert len(caplog.records) == 1, "said once"


async def test_many_calls_at_once_are_all_answered(calls: Calls) -> None:
    async with pod(ok, "1") as one, pod(ok, "2") as two:
        calls.tool("a", one, two)
        outcomes = await asyncio.gather(*(calls("a", b'{"n":%d}' % at) for at in range(200)))
        assert {outcome.result for outcome in outcomes} == {"ok"}
        assert len(one.seen) + len(two.seen) == 200
        assert abs(len(one.seen) - len(two.seen)) < 60
    assert calls.loads == {}


async def test_pool_that_closes_ends_calls_as_failed(calls: Calls) -> None:
    async with pod(silent) as tool:
        calls.tool("a", tool)
        call = asyncio.create_task(calls())
        await tool.request()
        calls.pool.close()
        assert (await call).result == "failed"
        await eventually(lambda: calls.loads == {})
