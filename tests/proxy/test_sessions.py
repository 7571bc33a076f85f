"""Sessions stay on their instance, and their ids say nothing to anybody else (DESIGN §5)."""

import asyncio
from urllib.parse import quote

import pytest

from gateway.errors import BadUpstream
from gateway.identity import principal
from gateway.seal import KeyRing
from proxy.sessions import LONGEST, Sessions
from proxy.settings import Settings
from tests.proxy.gate import MODERN, PATH, SESSION, Gate, Open, StartPod
from tests.proxy.pod import Exchange
from tests.proxy.scripts import resets, with_sessions
from tests.proxy.wire import Reply

NOT_FOUND = b'{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"Session not found"}}'


async def test_session_stays_on_its_instance(door: Gate, start_pod: StartPod) -> None:
    pods = [await start_pod(with_sessions, f"pod-{n}") for n in range(3)]
    door.adapter(*pods)
    ids = [await door.session() for _ in range(12)]
    homes = [[len(pod.seen) for pod in pods]]
    for id in ids:
        for method in ("POST", "GET", "DELETE"):
            assert (await door.call((SESSION, id), method=method)).status == 200
    homes.append([len(pod.seen) for pod in pods])
    assert homes[1] == [4 * count for count in homes[0]]


async def test_pod_sees_its_own_id_and_the_client_never_does(door: Gate, start_pod: StartPod) -> None:
    pod = await start_pod(with_sessions)
    door.adapter(pod)
    id = await door.session()
    assert id != "id-1"
    await door.call((SESSION, id))
    assert pod.seen[0].header(SESSION) is None
    assert pod.seen[1].header(SESSION) == "id-1"


async def test_echoed_id_is_the_clients_own(door: Gate, start_pod: StartPod) -> None:
    door.adapter(await start_pod(with_sessions))
    id = await door.session()
    assert (await door.call((SESSION, id))).header(SESSION) == id


async def test_new_id_in_a_session_is_sealed_and_works(door: Gate, start_pod: StartPod) -> None:
    async def rotates(exchange: Exchange) -> None:
        count = int((exchange.header(SESSION) or "0").removeprefix("id-"))
        await exchange.answer(b"%d" % count, f"{SESSION}: id-{count + 1}")

    door.adapter(await start_pod(rotates))
    id = await door.session()
    for count in (1, 2, 3):
        reply = await door.call((SESSION, id))
        assert reply.body == b"%d" % count
        new = reply.header(SESSION)
        assert new not in (None, id)
        id = str(new)


@pytest.mark.parametrize("status", [300, 400, 404, 405, 500])
async def test_ids_on_errors_name_nothing(door: Gate, start_pod: StartPod, status: int) -> None:
    async def stamps(exchange: Exchange) -> None:
        await exchange.answer(b"{}", f"{SESSION}: phantom", status=status)

    door.adapter(await start_pod(stamps))
    for method in ("POST", "GET", "DELETE"):
        reply = await door.call(method=method)
        assert (reply.status, reply.header(SESSION)) == (status, None)


async def test_ids_mean_nothing_to_modern_traffic(door: Gate, start_pod: StartPod) -> None:
    async def stamps(exchange: Exchange) -> None:
        await exchange.answer(b"{}", f"{SESSION}: stray")

    pod = await start_pod(stamps)
    door.adapter(pod)
    reply = await door.call(MODERN, (SESSION, "whatever"), path=f"{PATH}?session_id=other&x=1")
    assert (reply.status, reply.header(SESSION)) == (200, None)
    assert pod.seen[0].header(SESSION) is None
    assert pod.seen[0].target == "/mcp?x=1"


async def test_session_of_another_caller_adapter_or_nobody_is_the_same_404(door: Gate, start_pod: StartPod) -> None:
    pod = await start_pod(with_sessions)
    door.adapter(pod)
    door.adapter(pod, name="b")
    id = await door.session()
    forged = ("B" if id[0] != "B" else "C") + id[1:]
    other = [("X-Dev-UserId", "mallory"), ("X-Dev-Roles", "mcp.dev")]

    def shape(reply: Reply) -> tuple[int, bytes, list[str]]:
        return reply.status, reply.body, sorted(name for name, _ in reply.headers)

    for method in ("POST", "GET", "DELETE"):
        answers = [
            await door.call((SESSION, id), *other, method=method),
            await door.call((SESSION, id), path="/adapters/b/mcp", method=method),
            await door.call((SESSION, forged), method=method),
            await door.call((SESSION, "id-1"), method=method),
            await door.call((SESSION, "\xe9 ?"), method=method),
        ]
        assert {shape(reply)[:2] for reply in answers} == {(404, NOT_FOUND)}
        assert len({str(shape(reply)) for reply in answers}) == 1
        assert answers[0].header("Content-Type") == "application/json"
    assert len(pod.seen) == 1
    assert door.proxy.counters.seals_refused == 15


async def test_session_of_a_gone_instance_is_not_found(door: Gate, start_pod: StartPod) -> None:
    pod = await start_pod(with_sessions)
    door.adapter(pod)
    id = await door.session()
    door.adapter(await start_pod(with_sessions, "pod-2"))
    reply = await door.call((SESSION, id))
    assert (reply.status, reply.body) == (404, NOT_FOUND)


async def test_another_instance_at_the_same_address_is_not_the_same(door: Gate, start_pod: StartPod) -> None:
    pod = await start_pod(with_sessions)
    door.adapter(pod)
    id = await door.session()
    pod.uid = "pod-reborn"
    door.adapter(pod)
    assert (await door.call((SESSION, id))).status == 404
    await door.session()
    assert pod.connections == 2, "a kept connection went over to another instance"


async def test_instance_that_terminates_keeps_its_sessions_and_gets_no_new_ones(
    door: Gate, start_pod: StartPod
) -> None:
    old, new = await start_pod(with_sessions, "old"), await start_pod(with_sessions, "new")
    door.adapter(old)
    id = await door.session()
    door.adapter(old.instance(ready=False), new)
    assert (await door.call((SESSION, id))).status == 200
    for _ in range(5):
        await door.session()
    assert len(old.seen) == 2


async def test_dead_instance_is_502_as_long_as_the_catalog_has_it(door: Gate, start_pod: StartPod) -> None:
    pod = await start_pod(with_sessions)
    door.adapter(pod)
    id = await door.session()
    await pod.stop()
    reply = await door.call((SESSION, id))
    assert reply.status == 502
    assert reply.header("Content-Type") == "application/problem+json"


async def test_instance_that_the_catalog_drops_a_moment_later_is_404(door: Gate, start_pod: StartPod) -> None:
    async def dies(exchange: Exchange) -> None:
        if exchange.header(SESSION) is None:
            await with_sessions(exchange)
        else:
            exchange.reset()

    pod = await start_pod(dies)
    door.adapter(pod)
    id = await door.session()
    call = asyncio.create_task(door.call((SESSION, id)))
    await pod.request(2)
    door.view.put_instances("adapter", "a", [])
    reply = await call
    assert (reply.status, reply.body) == (404, NOT_FOUND)


async def test_servers_own_answer_to_a_dead_session_passes(door: Gate, start_pod: StartPod) -> None:
    async def forgets(exchange: Exchange) -> None:
        if exchange.header(SESSION) is None:
            await with_sessions(exchange)
        else:
            await exchange.answer(b'{"oops":1}', status=400)

    door.adapter(await start_pod(forgets))
    id = await door.session()
    reply = await door.call((SESSION, id))
    assert (reply.status, reply.body) == (400, b'{"oops":1}')


async def test_id_may_come_in_the_query_and_does_not_go_on(door: Gate, start_pod: StartPod) -> None:
    pod = await start_pod(with_sessions)
    door.adapter(pod)
    id = await door.session()
    for number, query in enumerate(
        (f"?session_id={id}", f"?x=1&session_id={quote(id, safe='')}&y=%C3%A9", f"?%73ession_id={id}"), start=2
    ):
        reply = await door.call(path=PATH + query)
        assert (reply.status, reply.header(SESSION)) == (200, id)
        exchange = await pod.request(number)
        assert exchange.header(SESSION) == "id-1"
        assert exchange.target == ("/mcp?x=1&y=%C3%A9" if "&" in query else "/mcp")


async def test_the_same_id_twice_is_one_and_two_ids_are_refused(door: Gate, start_pod: StartPod) -> None:
    pod = await start_pod(with_sessions)
    door.adapter(pod)
    id = await door.session()
    assert (await door.call((SESSION, id), path=f"{PATH}?session_id={id}")).status == 200
    for headers, query in (([(SESSION, id)], "session_id=x"), ([], f"session_id={id}&session_id=x")):
        reply = await door.call(*headers, path=f"{PATH}?{query}")
        assert (reply.status, reply.json()["errors"][0]["field"]) == (400, "session_id")
    assert len(pod.seen) == 2


@pytest.mark.parametrize("query", ["?x=1&y=%C3%A9", "?", "?a=b=c&&d", "?q=%26session_id%3D1", "?flag"])
async def test_every_other_byte_of_the_query_arrives(door: Gate, start_pod: StartPod, query: str) -> None:
    pod = await start_pod()
    door.adapter(pod)
    await door.call(path=PATH + query)
    assert pod.seen[0].target == "/mcp" + (query if query != "?" else "")


async def test_blank_id_is_none(door: Gate, start_pod: StartPod) -> None:
    door.adapter(await start_pod(with_sessions))
    assert (await door.call((SESSION, ""), path=f"{PATH}?session_id=")).status == 200


async def test_session_that_cannot_be_sealed_is_502(door: Gate, start_pod: StartPod) -> None:
    async def long(exchange: Exchange) -> None:
        await exchange.answer(b"{}", f"{SESSION}: {'x' * (LONGEST + 1)}")

    async def two(exchange: Exchange) -> None:
        await exchange.answer(b"{}", f"{SESSION}: one", f"{SESSION}: two")

    for script in (long, two):
        door.adapter(await start_pod(script, script.__name__))
        assert (await door.call()).status == 502


async def test_longest_id_still_comes_back(door: Gate, start_pod: StartPod) -> None:
    upstream = "".join(chr(33 + n % 94) for n in range(LONGEST))

    async def long(exchange: Exchange) -> None:
        await exchange.answer(b"{}", f"{SESSION}: {upstream}")

    pod = await start_pod(long, "a-uid-of-a-kubernetes-pod-is-36-long")
    door.adapter(pod)
    id = await door.session()
    assert (await door.call((SESSION, id))).header(SESSION) == id
    assert pod.seen[1].header(SESSION) == upstream


async def test_any_replica_with_the_keys_opens_an_id(open_gate: Open, start_pod: StartPod) -> None:
    pod = await start_pod(with_sessions)
    one, other = await open_gate(), await open_gate()
    one.adapter(pod)
    other.adapter(pod)
    assert (await other.call((SESSION, await one.session()))).status == 200


async def test_reset_on_a_session_waits_no_longer_than_a_moment(open_gate: Open, start_pod: StartPod) -> None:
    async def dies(exchange: Exchange) -> None:
        await (with_sessions if exchange.header(SESSION) is None else resets)(exchange)

    door = await open_gate(Settings(hold_seconds=60))
    door.adapter(await start_pod(dies))
    id = await door.session()
    async with asyncio.timeout(4):
        assert (await door.call((SESSION, id))).status == 502


def test_renaming() -> None:
    sessions = Sessions(KeyRing([bytes(16)]))
    caller = principal("u", "u", [])
    sealed = sessions.seal("pod", b"up", "a", caller)
    session = sessions.open(sealed, "a", caller)
    assert session is not None
    assert (session.uid, session.upstream) == ("pod", b"up")

    def rename(status: int, upstream: bytes) -> str | None:
        return sessions.rename(status, upstream, session, "pod", "a", caller)

    assert rename(200, b"up") == sealed
    assert rename(202, b"up") == sealed
    assert rename(304, b"up") == sealed
    assert rename(404, b"up") is None
    assert rename(200, b"") is None
    assert rename(302, b"other") is None
    fresh = rename(200, b"other")
    assert fresh is not None
    assert sessions.open(fresh, "a", caller) != session
    with pytest.raises(BadUpstream):
        rename(200, b"x" * (LONGEST + 1))
