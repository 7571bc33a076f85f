"""The contract of Tokens, against both implementations: a command, and azure-identity with the identity endpoint."""

import asyncio
import shlex
from collections.abc import AsyncGenerator, Callable

import jwt
import pytest

from gateway.azure.tokens import AzureTokens
from gateway.tokens.command import TokenCommand
from gateway.tokens.token import NoToken, Tokens
from tests.azure.cloud import Cloud
from tests.azure.replies import json
from tests.fakes.identity_provider_http import Answer
from tests.local.waiting import holds

KINDS = ("command", "azure")
SECRET = "nobody-may-read-this"


class Source:
    """One implementation, and how it is told what to give next; `asked` counts."""

    def __init__(self, tokens: Tokens, then: Callable[[str], object], asked: Callable[[], int]) -> None:
        self.tokens = tokens
        self.then = then
        self.asked = asked


@pytest.fixture(params=KINDS)
async def source(
    request: pytest.FixtureRequest, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Source]:
    """Gives a new token each time; `then` makes it fail or wait, once."""
    made = _command(cloud) if request.param == "command" else _azure(cloud, monkeypatch)
    yield made
    await made.tokens.close()


async def test_token_says_when_it_ends(source: Source) -> None:
    token = await source.tokens.fetch(anew=False)
    claims = jwt.decode(token.text, options={"verify_signature": False})
    assert token.expires == pytest.approx(claims["exp"], abs=5)


async def test_refused_token_is_not_given_again(source: Source) -> None:
    first = await source.tokens.fetch(anew=False)
    second = await source.tokens.fetch(anew=True)
    assert first.text != second.text
    assert source.asked() == 2


async def test_failure_is_told_and_the_next_fetch_tries_again(source: Source) -> None:
    source.then("fail")
    with pytest.raises(NoToken) as caught:
        await source.tokens.fetch(anew=False)
    assert SECRET not in str(caught.value)
    assert (await source.tokens.fetch(anew=False)).text


async def test_closed_source_may_be_fetched_from_again(source: Source) -> None:
    await source.tokens.close()
    assert (await source.tokens.fetch(anew=False)).text
    await source.tokens.close()
    await source.tokens.close()
    assert (await source.tokens.fetch(anew=False)).text


async def test_fetch_that_waits_can_be_cancelled(source: Source) -> None:
    source.then("wait")
    fetching = asyncio.create_task(source.tokens.fetch(anew=False))
    await holds(lambda: source.asked() > 0)
    fetching.cancel()
    await asyncio.wait([fetching], timeout=5)
    assert fetching.cancelled()
    assert (await source.tokens.fetch(anew=True)).text


def _command(cloud: Cloud) -> Source:
    """Prints what stands in a file, and writes down that it was asked."""
    folder = cloud.folder
    (folder / "tokens").mkdir()
    for number in range(9):
        (folder / "tokens" / str(number)).write_text(cloud.provider.token(f"user-{number}"))
    script = (
        f"cd {shlex.quote(str(folder))}; n=$(wc -l < asked 2>/dev/null || echo 0); echo x >> asked;"
        f" if [ -s then ]; then do=$(cat then); : > then; [ $do = wait ] && exec sleep 60; echo {SECRET}; exit 1; fi;"
        " cat tokens/$n"
    )
    asked = folder / "asked"
    return Source(
        TokenCommand(["/bin/sh", "-c", script]),
        lambda what: (folder / "then").write_text(what),
        lambda: len(asked.read_text().splitlines()) if asked.exists() else 0,
    )


def _azure(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Source:
    for name, value in cloud.environment("app_service").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("IDENTITY_HEADER", SECRET)
    cloud.app_service.header = SECRET
    answers = {"fail": json({"message": "no"}, 400), "wait": Answer(429, headers={"Retry-After": "60"})}
    return Source(
        AzureTokens(f"api://{cloud.provider.client_id}/.default"),
        lambda what: cloud.app_service.faults.append(answers[what]),
        lambda: cloud.app_service.asked,
    )
