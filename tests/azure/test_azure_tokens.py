"""AzureTokens: how `connect --azure` asks azure-identity, in this process. With the identity endpoint, which needs no TLS."""

import asyncio
import logging

import pytest

from gateway.azure.tokens import AzureTokens
from gateway.tokens.token import NoToken
from local.connect.bearer import MARGIN, Bearer
from tests.azure.cloud import APPLICATION, CLEAN, Cloud
from tests.azure.replies import error, json
from tests.fakes.identity_provider_http import Answer
from tests.local.waiting import holds


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def tokens(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> AzureTokens:
    """Of an app that runs in App Service."""
    _set(monkeypatch, cloud, "app_service")
    return AzureTokens(f"api://{cloud.provider.client_id}/.default")


async def test_all_who_ask_at_once_share_one_token(cloud: Cloud, tokens: AzureTokens) -> None:
    bearer = Bearer(tokens)
    given = await asyncio.gather(*(bearer.current() for _ in range(20)))
    await bearer.close()
    assert len(set(given)) == 1
    assert cloud.app_service.asked == 1


async def test_token_is_fetched_again_before_its_end(cloud: Cloud, tokens: AzureTokens) -> None:
    cloud.entra.life = 200  # inside the five minutes in which azure-identity itself fetches a new one
    clock = Clock()
    bearer = Bearer(tokens, clock)
    first = await bearer.current()
    end = (await tokens.fetch(anew=False)).expires
    assert end is not None
    clock.now = end - MARGIN - 1
    assert await bearer.current() == first
    clock.now = end - MARGIN
    cloud.entra.life = 3600
    await tokens.close()  # azure-identity waits 30 s of the real clock before it asks for a second one
    assert await bearer.current() != first
    await bearer.close()


async def test_refused_token_is_not_given_again(cloud: Cloud, tokens: AzureTokens) -> None:
    bearer = Bearer(tokens)
    first = await bearer.current()
    second = await bearer.after(first)
    assert second not in ("", first)
    assert cloud.app_service.asked == 2
    await bearer.close()


async def test_next_who_asks_after_a_failure_tries_again(cloud: Cloud, tokens: AzureTokens) -> None:
    cloud.app_service.faults.append(json({"statusCode": 400, "message": "not yet"}, 400))
    bearer = Bearer(tokens)
    with pytest.raises(NoToken, match="Azure gave no token"):
        await bearer.current()
    assert await bearer.current()
    await bearer.close()


async def test_closing_ends_a_fetch_that_waits(cloud: Cloud, tokens: AzureTokens) -> None:
    cloud.app_service.faults.extend([Answer(429, headers={"Retry-After": "60"})] * 2)
    bearer = Bearer(tokens)
    asking = asyncio.create_task(bearer.current())
    await holds(lambda: cloud.app_service.asked == 1)
    await bearer.close()
    assert isinstance((await asyncio.gather(asking, return_exceptions=True))[0], asyncio.CancelledError)


async def test_person_who_is_not_signed_in_is_told_how(monkeypatch: pytest.MonkeyPatch, cloud: Cloud) -> None:
    _set(monkeypatch, cloud, "imds")
    cloud.imds.identity = None
    tokens = AzureTokens("api://x/.default")
    with pytest.raises(NoToken, match="Nobody is signed in to Azure here: run `az login`"):
        await tokens.fetch(anew=False)
    await tokens.close()


async def test_what_the_environment_says_wrongly_is_repeated(monkeypatch: pytest.MonkeyPatch, cloud: Cloud) -> None:
    _set(monkeypatch, cloud, "secret")
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", "http://localhost:1")
    with pytest.raises(NoToken, match="must be a TLS protected") as caught:
        await AzureTokens("api://x/.default").fetch(anew=False)
    assert APPLICATION.secret not in str(caught.value)


async def test_error_of_entra_is_told_without_secret_or_token(cloud: Cloud, tokens: AzureTokens) -> None:
    cloud.app_service.faults.append(error(400, "invalid_resource", 500011, "The resource principal was not found."))
    with pytest.raises(NoToken, match="AADSTS500011") as caught:
        await tokens.fetch(anew=False)
    assert cloud.app_service.header not in str(caught.value)
    assert "\n" not in str(caught.value)
    await tokens.close()


async def test_logs_hold_neither_token_nor_secret_at_any_level(
    cloud: Cloud, tokens: AzureTokens, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        token = await tokens.fetch(anew=False)
    await tokens.close()
    assert caplog.records
    for secret in (token.text, token.text.split(".")[2], cloud.app_service.header):
        assert secret not in caplog.text


def _set(monkeypatch: pytest.MonkeyPatch, cloud: Cloud, kind: str) -> None:
    for name, value in (CLEAN | dict(cloud.environment(kind))).items():
        monkeypatch.setenv(name, value)
