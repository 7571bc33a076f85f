"""The Azure entry with real tokens: through the platform's own worker, from a real identity provider. Nothing has to be closed."""

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.identity_provider import IdentityProvider
from tests.functions.bodies import adapter
from tests.functions.deployed import Platform, platform

_ORIGIN = "https://gateway.example.org"
_METADATA = f'resource_metadata="{_ORIGIN}/.well-known/oauth-protected-resource/api"'


@pytest.fixture(scope="module")
def idp() -> Generator[IdentityProvider]:
    with IdentityProvider() as idp:
        yield idp


def _variables(idp: IdentityProvider, folder: Path) -> dict[str, str]:
    return {
        "ControlPlane__Compose": "tests.functions.compositions:signed_in",
        "Test__Audit": str(folder / "audit"),
        **idp.environment(_ORIGIN),
    }


async def _as(worker: Platform, token: str, function: str, name: str = "", body: object = None) -> Any:
    return await worker.invoke(function, name, body, authorization=f"Bearer {token}")


async def test_tokens_are_verified_and_their_rights_hold(idp: IdentityProvider, tmp_path: Path) -> None:
    async with platform(tmp_path, _variables(idp, tmp_path)) as worker:
        await worker.read()
        alice, bob = idp.token("alice"), idp.token("bob", ["Readers"])
        app, admin = idp.app_token("robot", ["makers"]), idp.token("root", ["mcp.admin"])

        created = await _as(worker, alice, "create_adapter", body=adapter(requiredRoles=["readers"]))
        assert (created["status"], json.loads(created["body"])["createdBy"]) == (201, "alice")
        assert (await _as(worker, bob, "get_adapter", "one"))["status"] == 200
        refused = await _as(worker, bob, "delete_adapter", "one")
        assert (refused["status"], "www-authenticate" in refused["headers"]) == (403, False)
        assert (await _as(worker, app, "get_adapter", "one"))["status"] == 403
        assert (await _as(worker, admin, "get_adapter", "one"))["status"] == 200
        assert (await _as(worker, idp.token("ALICE"), "delete_adapter", "one"))["status"] == 204


async def test_whoever_may_not_come_in_is_told_where_to_sign_in(idp: IdentityProvider, tmp_path: Path) -> None:
    async with platform(tmp_path, _variables(idp, tmp_path)) as worker:
        await worker.read()

        async def refused(token: str | None) -> tuple[int, str]:
            headers = {} if token is None else {"authorization": f"Bearer {token}"}
            reply = await worker.invoke("create_adapter", "", adapter(), **headers, **{"x-dev-userid": "alice"})
            challenge = reply["headers"]["www-authenticate"]
            assert challenge.endswith(f'{_METADATA}, scope="api://{idp.client_id}/access"')
            return reply["status"], challenge.removeprefix("Bearer ").partition(",")[0]

        assert await refused(None) == (401, _METADATA)
        bad = (401, 'error="invalid_token"')
        assert await refused(idp.token("alice", seconds=-61)) == bad
        assert await refused(idp.token("alice", aud="somebody-else")) == bad
        assert await refused(idp.token("alice", aud=f"{_ORIGIN}/mcp")) == bad
        assert await refused(idp.token("alice", scope="other")) == (403, 'error="insufficient_scope"')
        one_endpoint = await _as(worker, idp.token("alice", aud=f"{_ORIGIN}/api"), "list_tools")
        assert one_endpoint["status"] == 200

    events = [json.loads(line) for line in (tmp_path / "audit").read_text().splitlines()]
    assert [(event["event"], event["result"]) for event in events] == [("access.denied", "denied")] * 5
    assert "eyJ" not in (tmp_path / "audit").read_text()


async def test_entry_without_anybody_who_signs_in_says_which_setting_is_missing(
    idp: IdentityProvider, tmp_path: Path
) -> None:
    variables = {name: v for name, v in _variables(idp, tmp_path).items() if not name.startswith("AzureAd__")}
    async with platform(tmp_path, variables) as worker:
        assert "AzureAd__TenantId" in (await worker.read())["error"]
