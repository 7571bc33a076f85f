"""Who may come in to a local gateway: whoever holds a token where that is configured, else whoever calls from this machine."""

import json
import re
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from gateway.env import SettingsError
from local.settings import Settings
from tests.fakes.identity_provider import IdentityProvider
from tests.fakes.ports import free_port
from tests.local.rest import Rest
from tests.local.up import Up
from tests.local.waiting import holds

BYPASS = {"Authentication__BypassEntra": "true"}
HIDDEN = {  # what whoever starts a gateway may have in his environment, and no server of others may see
    "GatewaySettings__Secret": "hidden-trust",
    "Seal__Keys__0": "hidden-seal",
    "AzureAd__ClientSecret": "hidden-entra",
    "OTEL_EXPORTER_OTLP_HEADERS": "authorization=hidden-otlp",
    "AZURE_CLIENT_SECRET": "hidden-azure",
    "AWS_SECRET_ACCESS_KEY": "hidden-aws",
}


@pytest.fixture
def idp() -> Generator[IdentityProvider]:
    with IdentityProvider() as provider:
        yield provider


def read(variables: dict[str, str], host: str) -> Settings:
    return Settings.read(variables, home=Path("unused"), host=host, port=8000, images=None)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_on_loopback_callers_are_believed(host: str) -> None:
    assert read({}, host).believed


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "gateway.example.com"])
def test_elsewhere_it_is_refused_with_the_three_ways(host: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read({}, host)
    for part in (f"--host {host}: ", "AzureAd__TenantId", "Oidc__Issuer", "Authentication__BypassEntra=true"):
        assert part in str(refused.value)
    assert read(BYPASS, host).believed


def test_where_tokens_are_verified_it_may_listen_anywhere(idp: IdentityProvider) -> None:
    for variables in (idp.environment("http://localhost:8000"), idp.realm_environment("http://localhost:8000")):
        for host in ("127.0.0.1", "0.0.0.0"):
            assert not read(variables, host).believed


def test_where_tokens_are_verified_the_public_origin_must_be_said(idp: IdentityProvider) -> None:
    variables = idp.environment("http://localhost:8000")
    del variables["PublicOrigin"]
    with pytest.raises(SettingsError, match="PublicOrigin"):
        read(variables, "127.0.0.1")


async def test_a_gateway_that_verifies_says_where_to_sign_in_and_lets_in_who_did(
    tmp_path: Path, idp: IdentityProvider
) -> None:
    port = free_port()
    origin = f"http://localhost:{port}"
    arguments = ("--host", "0.0.0.0", "--port", str(port))
    async with Up(tmp_path, *arguments, env=idp.environment(origin)) as up, ClientSession() as http:
        url = await up.ready()
        assert url == origin
        assert "DANGER" not in up.text
        assert f"callers     sign in at {idp.issuer}" in up.text
        async with http.get(f"{url}/adapters", headers={"X-Dev-Roles": "mcp.admin"}) as reply:
            assert reply.status == 401
            challenge = reply.headers["WWW-Authenticate"]
        assert f'resource_metadata="{origin}/.well-known/oauth-protected-resource/api"' in challenge
        ada = {"Authorization": f"Bearer {idp.token('ada')}"}
        body = {"name": "one", "imageName": "listens", "imageVersion": "1"}
        async with http.post(f"{url}/adapters", json=body, headers=ada) as reply:
            assert (reply.status, (await reply.json())["createdBy"]) == (201, "ada")
        async with http.post(f"{url}/adapters/one/mcp", json={}) as reply:
            assert reply.status == 401
        events = audited(up)
        assert ("adapter.create", "ada", "one", "ok") in events
        assert ("access.denied", "", "GET /adapters", "denied") in events
        assert ("access.denied", "", "POST /adapters/one/mcp", "denied") in events


async def test_what_believes_its_callers_says_so(tmp_path: Path) -> None:
    async with Up(tmp_path) as up:
        await up.ready()
        await up.says("Ctrl-C")
    assert "callers     whoever they say they are" in up.text
    assert "Dev identity: callers are believed, not verified." in up.text
    assert "DANGER" not in up.text


async def test_the_flag_is_said_loudly_on_loopback_too(tmp_path: Path) -> None:
    async with Up(tmp_path, env=BYPASS) as up:
        await up.ready()
    assert "DANGER: listening on 127.0.0.1." in up.text


async def test_keys_are_made_at_the_first_start_and_kept(tmp_path: Path) -> None:
    kept: list[dict[str, bytes]] = []
    for _ in range(2):
        async with Up(tmp_path) as up:
            await up.ready()
        files = [up.home / name for name in ("seal.key", "trust.secret")]
        assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
        kept.append({file.name: file.read_bytes() for file in files})
    assert kept[0] == kept[1]


async def test_a_key_that_others_may_read_stops_the_start_with_what_to_do(tmp_path: Path) -> None:
    async with Up(tmp_path) as up:
        await up.ready()
    secret = up.home / "trust.secret"
    secret.chmod(0o644)
    async with Up(tmp_path) as up:
        assert await up.ended() == 1
    assert up.text == (
        f"mcp-gateway: {secret}: others may read it. Do `chmod 600 {secret}`, or remove it to get a new one.\n"
    )


async def test_servers_inherit_nothing_of_the_gateways_environment(tmp_path: Path) -> None:
    async with Up(tmp_path, env=HIDDEN) as up:
        async with Rest(await up.ready()) as rest:
            await rest.adapter("one", "wraps")
            await holds(lambda: len(up.children()) == 1)
            inherited = [environment(pid) for pid in up.children()]
        secret = (up.home / "trust.secret").read_text().strip()
    for variables in inherited:
        assert set(variables) <= {"PATH", "HOME", "TMPDIR", "LANG", "PORT", "PYTHONPATH", "PYTHONUNBUFFERED"}
        assert not re.search(f"hidden|{secret}", "".join(variables.values()))


def environment(pid: int) -> dict[str, str]:
    """What a process was given."""
    pairs = Path(f"/proc/{pid}/environ").read_text().split("\0")
    return dict(pair.split("=", 1) for pair in pairs if pair)


def audited(up: Up) -> list[tuple[Any, ...]]:
    """Event, who, what and result of each line."""
    lines = [json.loads(line) for line in (up.home / "logs" / "audit.log").read_text().splitlines()]
    return [(line["event"], line["who"], line["what"], line["result"]) for line in lines]
