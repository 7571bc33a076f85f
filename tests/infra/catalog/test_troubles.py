"""When the gateway is slow, busy, away or hangs up: asked again where that does no harm, and told apart where it matters."""

import asyncio
import sys
import time
from collections.abc import AsyncGenerator

import grpc
import pytest

from infra.catalog.plugin.values import Values
from tests.fakes.ports import free_port
from tests.infra.catalog.moody_gateway import MoodyGateway
from tests.infra.catalog.plugin import AGENT, Failed, Plugin

_CLERK: Values = {"model": "gpt", "system": "Be brief."}


@pytest.fixture
async def moody() -> AsyncGenerator[MoodyGateway]:
    async with MoodyGateway() as server:
        yield server


@pytest.fixture
async def plugin(moody: MoodyGateway) -> AsyncGenerator[Plugin]:
    async with Plugin(endpoint=moody.url) as started:
        yield started


@pytest.mark.parametrize("status", [429, 503])
async def test_a_busy_gateway_is_asked_again_when_it_says(moody: MoodyGateway, plugin: Plugin, status: int) -> None:
    moody.answers(status, "Busy.", Retry_After="1")
    began = time.monotonic()
    await plugin.create(AGENT, await plugin.good(AGENT, _CLERK, "clerk"))
    assert time.monotonic() - began >= 1
    assert [method for method, _, _ in moody.seen] == ["POST", "POST"]


async def test_a_gateway_that_stays_busy_is_heard(moody: MoodyGateway, plugin: Plugin) -> None:
    moody.answers(503, "Busy for long.", Retry_After="30")
    began = time.monotonic()
    with pytest.raises(Failed, match="Busy for long"):
        await plugin.create(AGENT, await plugin.good(AGENT, _CLERK, "clerk"), timeout=5)
    assert time.monotonic() - began < 5  # there is no sense in waiting for what will come too late


async def test_other_errors_are_said_at_once(moody: MoodyGateway, plugin: Plugin) -> None:
    moody.answers(403, "You may not register anything.")
    with pytest.raises(Failed, match="You may not register anything"):
        await plugin.create(AGENT, await plugin.good(AGENT, _CLERK, "clerk"))
    assert len(moody.seen) == 1


async def test_a_gateway_that_is_away_is_waited_for_and_named() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    async with Plugin(endpoint=url) as plugin:
        with pytest.raises(Failed, match=f"{url} cannot be reached") as failed:
            await plugin.create(AGENT, await plugin.good(AGENT, _CLERK, "clerk"), timeout=1.5)
        assert failed.value.code is grpc.StatusCode.UNAVAILABLE


async def test_a_registration_without_an_answer_is_not_repeated(moody: MoodyGateway, plugin: Plugin) -> None:
    moody.hangs_up()
    with pytest.raises(Failed, match=r"POST /agents was sent to .*, and no answer came") as failed:
        await plugin.create(AGENT, await plugin.good(AGENT, _CLERK, "clerk"))
    assert failed.value.code is grpc.StatusCode.UNKNOWN  # by which the engine notes that somebody should look
    assert len(moody.seen) == 1


async def test_a_change_that_was_written_before_the_gateway_hung_up_is_no_conflict(
    moody: MoodyGateway, plugin: Plugin
) -> None:
    wanted = await plugin.good(AGENT, _CLERK, "clerk")
    there = await plugin.create(AGENT, wanted)
    longer: Values = {**wanted, "system": "Be long."}
    moody.agents["clerk"] |= {"etag": "ours", "system": "Be long."}
    moody.hangs_up()
    changed = await plugin.update(AGENT, there, longer)
    assert changed.outputs["etag"] == moody.agents["clerk"]["etag"]


async def test_a_change_that_is_stored_but_not_in_force_is_kept(moody: MoodyGateway, plugin: Plugin) -> None:
    wanted = await plugin.good(AGENT, _CLERK, "clerk")
    there = await plugin.create(AGENT, wanted)
    longer: Values = {**wanted, "system": "Be long."}
    moody.agents["clerk"] |= {"etag": "ours", "system": "Be long."}
    moody.answers(503, "Stored, but the old rights are still in force.", Retry_After="30")
    with pytest.raises(Failed, match="old rights are still in force") as failed:
        await plugin.update(AGENT, there, longer, timeout=5)
    assert failed.value.kept
    assert failed.value.kept.outputs["etag"] == "ours"
    assert failed.value.kept.inputs == longer


async def test_cancelling_ends_the_waiting(moody: MoodyGateway, plugin: Plugin) -> None:
    for _ in range(3):
        moody.answers(503, Retry_After="20")
    creating = asyncio.create_task(plugin.create(AGENT, await plugin.good(AGENT, _CLERK, "clerk"), timeout=60))
    async with asyncio.timeout(10):
        while not moody.seen:
            await asyncio.sleep(0.01)
        await plugin.cancel()
        with pytest.raises(Failed) as failed:
            await creating
    assert failed.value.code is grpc.StatusCode.CANCELLED


async def test_what_is_no_gateway_is_told(moody: MoodyGateway, plugin: Plugin) -> None:
    moody.answers(200, "Sign in here.")
    with pytest.raises(Failed, match=r"The answer is no record\. Is http://.* a gateway\?"):
        await plugin.read(AGENT, "agents/clerk")


async def test_a_redirect_is_not_followed(moody: MoodyGateway, plugin: Plugin) -> None:
    moody.answers(307, "Elsewhere.", Location=f"{moody.url}/agents/other")
    with pytest.raises(Failed, match="Elsewhere"):
        await plugin.read(AGENT, "agents/clerk")
    assert len(moody.seen) == 1


async def test_a_refused_token_is_fetched_anew_once(moody: MoodyGateway) -> None:
    script = "import time; print(time.monotonic_ns())"
    async with Plugin(endpoint=moody.url, tokenCommand=[sys.executable, "-c", script]) as plugin:
        wanted = await plugin.good(AGENT, _CLERK, "clerk")
        made = await plugin.create(AGENT, wanted)
        await plugin.read(AGENT, "agents/clerk")
        moody.answers(401, "Expired.")
        await plugin.read(AGENT, "agents/clerk")
        moody.answers(401, "Expired.")
        moody.answers(401, "Not you.")
        with pytest.raises(Failed, match="Not you"):
            await plugin.read(AGENT, "agents/clerk")
    first, second, refused, anew, again, last = (headers["Authorization"] for _, _, headers in moody.seen)
    assert first == second == refused != anew == again != last
    assert first.startswith("Bearer ")
    assert first.removeprefix("Bearer ") not in repr(made.outputs)


async def test_a_token_command_that_fails_is_told_without_its_output(moody: MoodyGateway) -> None:
    script = "import sys; print('s3cret'); sys.exit('nobody is signed in')"
    async with Plugin(endpoint=moody.url, tokenCommand=[sys.executable, "-c", script]) as plugin:
        with pytest.raises(Failed, match="ended with 1: nobody is signed in") as failed:
            await plugin.read(AGENT, "agents/clerk")
    assert "s3cret" not in str(failed.value)
    assert not moody.seen
