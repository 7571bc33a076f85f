"""Tokens: how long one is used, and whom the settings have asked for one."""

import asyncio
import sys
from pathlib import Path

import pytest

from gateway.tokens.token import NoToken, Token
from infra.catalog.plugin.identity import identity
from infra.catalog.plugin.renewal import Identity
from infra.catalog.plugin.settings import Settings, SettingsError
from infra.catalog.plugin.values import Value
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


async def test_a_command_is_asked_where_one_is_named() -> None:
    prints = identity(_settings(tokenCommand=[sys.executable, "-c", "print('t')"]))
    assert await prints.headers() == {"Authorization": "Bearer t"}
    gone = identity(_settings(tokenCommand=["/nothing/there"]))
    with pytest.raises(NoToken, match="`/nothing/there` could not be started: No such file or directory"):
        await gone.headers()


async def test_azure_is_asked_where_a_scope_is_named_and_anew_where_its_token_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with IdentityProvider() as provider, Cloud(provider, tmp_path) as cloud:
        for name, value in (CLEAN | dict(cloud.environment("app_service"))).items():
            monkeypatch.setenv(name, value)
        asked = identity(_settings(scope=f"api://{provider.client_id}/.default"))
        first = await asked.headers()
        assert await asked.headers() == first
        assert await asked.headers(first) != first
        await asked.close()


async def test_azure_says_why_there_is_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")
    for name in ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    asked = identity(_settings(scope="api://id/.default"))
    with pytest.raises(NoToken, match="Azure gave no token: "):
        await asked.headers()
    await asked.close()


def test_a_scope_without_azures_library_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "gateway.azure.tokens", raising=False)
    monkeypatch.setitem(sys.modules, "azure.identity.aio", None)
    with pytest.raises(SettingsError, match="scope: that takes azure-identity"):
        identity(_settings(scope="api://id/.default"))


def _settings(**given: Value) -> Settings:
    return Settings.read({"endpoint": "https://gateway.example.com", **given})
