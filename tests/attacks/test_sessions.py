"""Session ids that are not the caller's: whatever is wrong with one, the answer is the same 404, byte by byte, and says no more."""

import base64
import secrets
from collections.abc import AsyncGenerator

import msgspec
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.seal import KeyRing, bound
from tests.attacks.ground import OWNER, Ground
from tests.attacks.sockets import Answer, Line
from tests.journeys.caller import TEAM
from tests.journeys.client import ACCEPT, SESSION, Client
from tests.journeys.waiting import until

METHODS = ("POST", "GET", "DELETE")
_PING = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'
_EACH_ITS_OWN = ("date", "x-request-id")


class Victim(msgspec.Struct, frozen=True):
    """A session of OWNER at an adapter, and at the tool router."""

    id: str
    routed: str
    elsewhere: str  # another adapter that the same people may call


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def victim(ground: Ground, recorder: str) -> AsyncGenerator[Victim]:
    """Sessions that live."""
    async with ground.person(OWNER) as owner:
        elsewhere = await owner.serving("recorder", requiredRoles=[TEAM])
        own, routed = await Client(owner, recorder).begin(), await Client(owner).begin()
        yield Victim(own.session, routed.session, elsewhere)
        assert (await own.call("echo", text="still"))["text"] == "still", "nothing below harmed it"


@pytest.fixture
def refusal(ground: Ground, recorder: str) -> Answer:
    """What is said to an id that nobody ever had."""
    with Line(ground.port) as line:
        answer = _told(line, ground, recorder, secrets.token_urlsafe(90))
    assert (answer.status, answer.values("content-type")) == (404, ["application/json"])
    assert msgspec.json.decode(answer.body)["error"]["message"] == "Session not found"
    return answer


def test_session_of_another_caller_is_not_found(ground: Ground, recorder: str, victim: Victim, refusal: Answer) -> None:
    with Line(ground.port) as line:
        for method in METHODS:
            for user in ("eve", OWNER.upper(), f"{OWNER}x", f"https://issuer.example|{OWNER}"):
                proof = ground.bearer(user, [TEAM])
                answer = line.ask(method, _mcp(recorder), [*ACCEPT.items(), proof, (SESSION, victim.id)], _PING)
                assert _same(answer, refusal)


def test_session_of_another_adapter_or_kind_is_not_found(
    ground: Ground, recorder: str, victim: Victim, refusal: Answer
) -> None:
    with Line(ground.port) as line:
        assert _same(_told(line, ground, victim.elsewhere, victim.id), refusal)
        assert _same(_told(line, ground, recorder, victim.routed), refusal)


def test_session_of_an_adapter_or_of_another_caller_is_not_found_at_the_router(ground: Ground, victim: Victim) -> None:
    with Line(ground.port) as line:
        answers = [
            line.ask("POST", "/mcp", [*ACCEPT.items(), ground.bearer(user), (SESSION, id)], _PING)
            for user, id in (
                (OWNER, victim.id),
                ("eve", victim.routed),
                ("eve", victim.id),
                (OWNER, victim.routed[:-1]),
                (OWNER, victim.routed.swapcase()),
                (OWNER, secrets.token_urlsafe(90)),
            )
        ]
        good = line.ask("POST", "/mcp", [*ACCEPT.items(), ground.bearer(OWNER), (SESSION, victim.routed)], _PING)
    assert good.status == 200
    assert answers[0].status == 404
    assert all(_same(answer, answers[0]) for answer in answers)


def test_truncated_and_lengthened_ids_are_not_found(
    ground: Ground, recorder: str, victim: Victim, refusal: Answer
) -> None:
    with Line(ground.port) as line:
        ids = [victim.id[:length] for length in range(1, len(victim.id))]
        ids += [victim.id + more for more in ("=", "==", "A", "AA", ".", victim.id)]
        assert all(_same(_told(line, ground, recorder, id), refusal) for id in ids)


def test_other_spellings_of_an_id_are_not_found(ground: Ground, recorder: str, victim: Victim, refusal: Answer) -> None:
    id = victim.id
    raw = base64.urlsafe_b64decode(id + "=" * (-len(id) % 4))
    spellings = {
        *(id.upper(), id.lower(), id.swapcase(), id[::-1], raw.hex(), base64.b32encode(raw).decode()),
        *(base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode(), f'"{id}"', f"{id},{id}", f"{id};x"),
        *(id[:20] + "\t" + id[20:], id[:20] + " " + id[20:], f"={id}", f"{id}%00", f"{id}\xa0", "\xff" * 30),
    } - {id}
    with Line(ground.port) as line:
        assert all(_same(_told(line, ground, recorder, spelled), refusal) for spelled in spellings)


def test_ids_sealed_with_another_key_are_not_found(
    ground: Ground, recorder: str, victim: Victim, refusal: Answer
) -> None:
    raw = base64.urlsafe_b64decode(victim.id + "=" * (-len(victim.id) % 4))
    forged = KeyRing([secrets.token_bytes(16)]).seal(b"\x03uidupstream", bound("adapter", recorder, OWNER))
    body = base64.urlsafe_b64decode(forged + "=" * (-len(forged) % 4))
    relabelled = base64.urlsafe_b64encode(raw[:2] + body[2:]).rstrip(b"=").decode()  # as if it were our key
    with Line(ground.port) as line:
        for id in (forged, relabelled, secrets.token_hex(16), "A" * 9000):
            assert _same(_told(line, ground, recorder, id), refusal)


def test_flipped_bits_are_not_found(ground: Ground, recorder: str, victim: Victim, refusal: Answer) -> None:
    raw = base64.urlsafe_b64decode(victim.id + "=" * (-len(victim.id) % 4))

    with Line(ground.port) as line:

        @settings(max_examples=300, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
        @given(st.sets(st.integers(0, len(raw) * 8 - 1), min_size=1, max_size=8))
        def check(bits: set[int]) -> None:
            flipped = bytearray(raw)
            for bit in bits:
                flipped[bit // 8] ^= 1 << bit % 8
            id = base64.urlsafe_b64encode(flipped).rstrip(b"=").decode()
            assert _same(_told(line, ground, recorder, id), refusal)

        check()


@pytest.mark.parametrize("method", METHODS)
def test_an_id_in_the_query_is_judged_like_one_in_the_header(
    ground: Ground, recorder: str, victim: Victim, refusal: Answer, method: str
) -> None:
    with Line(ground.port) as line:
        for id, user in ((victim.id, "eve"), (victim.id[:-1], OWNER), ("x", OWNER)):
            lines = [*ACCEPT.items(), ground.bearer(user, [TEAM])]
            assert _same(line.ask(method, f"{_mcp(recorder)}?session_id={id}", lines, _PING), refusal)
        two = [*ACCEPT.items(), ground.bearer(OWNER), (SESSION, victim.id)]
        assert line.ask(method, f"{_mcp(recorder)}?session_id=x", two, _PING).status == 400
        assert line.ask(method, f"{_mcp(recorder)}?session_id=x&session%5Fid=y", two[:-1], _PING).status == 400


def test_a_stranger_without_rights_learns_nothing_of_sessions(ground: Ground, recorder: str, victim: Victim) -> None:
    with Line(ground.port) as line:
        eve = [*ACCEPT.items(), ground.bearer("eve")]
        told = [
            line.ask("POST", _mcp(recorder), [*eve, *more], _PING)
            for more in ([], [(SESSION, victim.id)], [(SESSION, "x")])
        ]
        nobody = [
            line.ask("POST", _mcp(recorder), [*ACCEPT.items(), *more], _PING)
            for more in ([], [(SESSION, victim.id)], [(SESSION, "x")])
        ]
    assert [answer.status for answer in told] == [403] * 3
    assert [answer.status for answer in nobody] == [401] * 3
    assert all(_same(answer, told[0], less=("requestId",)) for answer in told)


async def test_replayed_after_its_end_a_session_is_not_found(ground: Ground, recorder: str) -> None:
    async with ground.person(OWNER) as owner:
        client = await Client(owner, recorder).begin()
        assert (await client.delete()).status == 200
        for reply in (await client.calling("echo"), await client.delete()):
            assert reply.status == 404
            assert reply.json["error"]


async def test_replayed_after_a_restart_of_its_server_a_session_is_not_found(ground: Ground) -> None:
    async with ground.person(OWNER) as owner:
        name = await owner.serving("recorder")
        client = await Client(owner, name).begin()
        await client.calling("die")
        gone = await until(lambda: client.calling("echo"), lambda reply: reply.status != 502)
        assert gone.status == 404
        await owner.ready(name, 1)
        assert (await client.calling("echo")).status == 404, "not another server's session either"
        again = await owner.delete(f"/adapters/{name}")
        assert again.status == 204


async def test_a_namesake_of_a_deleted_adapter_has_none_of_its_sessions(ground: Ground) -> None:
    async with ground.person(OWNER) as owner, ground.person("eve", [TEAM]) as eve:
        name = await owner.serving("recorder", requiredRoles=[TEAM])
        theirs = await Client(owner, name).begin()
        assert (await owner.delete(f"/adapters/{name}")).status == 204
        made = await until(
            lambda: eve.post("/adapters", {"name": name, "imageName": "recorder", "imageVersion": "1.0.0"}),
            lambda reply: reply.status != 409,
        )
        assert made.status == 201
        eve.later_removes(f"/adapters/{name}")
        await eve.ready(name, 1)
        assert (await theirs.calling("echo")).status == 403
        stolen = Client(eve, name)
        stolen.session = theirs.session
        assert (await stolen.calling("echo")).status == 404


def _told(line: Line, ground: Ground, adapter: str, id: str) -> Answer:
    """What OWNER is told who sends this id."""
    lines = [*ACCEPT.items(), ground.bearer(OWNER), (SESSION, id)]
    return line.ask("POST", _mcp(adapter), lines, _PING)


def _same(one: Answer, other: Answer, *, less: tuple[str, ...] = ()) -> bool:
    """Whether two answers are the same but for what each answer has of its own."""
    assert _kept(one, less) == _kept(other, less)
    return True


def _kept(answer: Answer, less: tuple[str, ...]) -> tuple[int, list[tuple[str, str]], object]:
    lines = [line for line in answer.lines if line[0] not in _EACH_ITS_OWN]
    if not less:
        return answer.status, lines, answer.body
    members = {key: value for key, value in msgspec.json.decode(answer.body).items() if key not in less}
    return answer.status, lines, members


def _mcp(name: str) -> str:
    return f"/adapters/{name}/mcp"
