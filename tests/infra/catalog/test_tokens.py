"""Tokens: how long one is used, and that Azure's own library is asked where a scope says so."""

import asyncio
import base64
import json
import sys
from pathlib import Path

import pytest

from infra.catalog.plugin.azure_source import AzureSource
from infra.catalog.plugin.command_source import CommandSource
from infra.catalog.plugin.tokens import Identity, NoToken, Token
from tests.azure.cloud import CLEAN, Cloud
from tests.fakes.identity_provider import IdentityProvider


class Numbered:
    """Each token has another number, and ends at `expires`."""

    def __init__(self, expires: float | None) -> None:
        self.fetched = 0
        self._expires = expires

    async def fetch(self, *, anew: bool) -> Token:
        """The next one."""
        del anew
        self.fetched += 1
        await asyncio.sleep(0)  # others come in between
        return Token(str(self.fetched), self._expires)

    async def close(self) -> None:
        """Nothing is open."""


async def test_a_token_is_used_until_a_minute_before_its_end() -> None:
    now = 1000.0
    identity = Identity(Numbered(now + 100), {}, clock=lambda: now)
    assert await identity.headers() == {"Authorization": "Bearer 1"}
    now += 39
    assert await identity.headers() == {"Authorization": "Bearer 1"}
    now += 2
    assert await identity.headers() == {"Authorization": "Bearer 2"}


async def test_all_who_ask_at_once_get_one_token() -> None:
    source = Numbered(None)
    identity = Identity(source, {}, clock=lambda: 0.0)
    assert await asyncio.gather(*(identity.headers() for _ in range(5))) == [{"Authorization": "Bearer 1"}] * 5
    refused = {"Authorization": "Bearer 1"}
    assert await asyncio.gather(*(identity.headers(refused) for _ in range(5))) == [{"Authorization": "Bearer 2"}] * 5
    assert source.fetched == 2


async def test_dev_headers_are_never_fetched() -> None:
    identity = Identity(None, {"X-Dev-UserId": "me"})
    assert await identity.headers({"X-Dev-UserId": "me"}) == {"X-Dev-UserId": "me"}


async def test_a_commands_token_says_itself_when_it_ends() -> None:
    claims = base64.urlsafe_b64encode(json.dumps({"exp": 4102444800}).encode()).decode().rstrip("=")
    token = await CommandSource([sys.executable, "-c", f"print('h.{claims}.s'); print('more')"]).fetch(anew=False)
    assert (token.text, token.expires) == (f"h.{claims}.s", 4102444800.0)
    assert claims not in repr(token)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["/nothing/there"], "could not be started: No such file or directory"),
        ([sys.executable, "-c", "print()"], "did not print a token"),
        ([sys.executable, "-c", "print('two words')"], "did not print a token"),
    ],
)
async def test_a_command_that_gives_none_is_named(command: list[str], said: str) -> None:
    with pytest.raises(NoToken, match=said):
        await CommandSource(command).fetch(anew=False)


async def test_azure_gives_a_token_of_whoever_is_signed_in_and_another_where_that_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with IdentityProvider() as provider, Cloud(provider, tmp_path) as cloud:
        for name, value in (CLEAN | dict(cloud.environment("app_service"))).items():
            monkeypatch.setenv(name, value)
        source = AzureSource(f"api://{provider.client_id}/.default")
        first = await source.fetch(anew=False)
        assert (await source.fetch(anew=False)).text == first.text
        assert (await source.fetch(anew=True)).text != first.text
        await source.close()


async def test_azure_says_why_there_is_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")
    for name in ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    source = AzureSource("api://id/.default")
    with pytest.raises(NoToken, match="Azure gave no token: "):
        await source.fetch(anew=False)
    await source.close()
