"""A person who ran `az login` connects: what is asked for is the resource, and what comes back is of that person."""

from pathlib import Path

import pytest

from tests.azure.azure_cli import install
from tests.azure.cloud import Cloud
from tests.local.connect.near_side import connected, modern
from tests.oauth.place import ROLE, TOOL, Place


@pytest.fixture
def nowhere(around: Cloud) -> dict[str, str]:
    """The environment of a desktop: no credential in it, no identity of the machine's own."""
    around.imds.identity = None
    return dict(around.environment("imds"))


async def test_token_of_az_comes_in(guarded: Place, nowhere: dict[str, str], tmp_path: Path) -> None:
    path = install(tmp_path, guarded.provider.token("ada", [ROLE]))
    async with connected(guarded.endpoint("/mcp"), "--azure", guarded.scope, **{**nowhere, "PATH": path}) as near:
        answer = await near.ask(modern(1, "tools/list"))
        assert [tool["name"] for tool in answer["result"]["tools"]] == [TOOL]
        assert near.said == []
    arguments = (tmp_path / "az-arguments").read_text()
    assert f"--resource api://{guarded.provider.client_id}\n" in arguments
    assert not (tmp_path / "az-input").exists()  # standard input is the client's


async def test_person_who_is_not_signed_in_is_told_how(guarded: Place, nowhere: dict[str, str], tmp_path: Path) -> None:
    path = install(tmp_path, "")
    async with connected(guarded.endpoint("/mcp"), "--azure", guarded.scope, **{**nowhere, "PATH": path}) as near:
        answer = await near.ask(modern(1, "tools/list"))
        assert "run `az login`" in answer["error"]["message"]


async def test_one_credential_of_the_chain_can_be_named(guarded: Place, around: Cloud, tmp_path: Path) -> None:
    """AZURE_TOKEN_CREDENTIALS is azure-identity's own: `az` answers, although a secret is in the environment as well."""
    path = install(tmp_path, guarded.provider.token("ada", [ROLE]))
    variables = {**around.environment("secret"), "PATH": path, "AZURE_TOKEN_CREDENTIALS": "AzureCliCredential"}
    async with connected(guarded.endpoint("/mcp"), "--azure", guarded.scope, **variables) as near:
        assert "result" in await near.ask(modern(1, "tools/list"))
    assert around.entra.asked == 0
