"""`mcp-gateway connect --azure` as people run it: from a credential's environment through the fake cloud into the gateway."""

import asyncio
import sys

import pytest

from tests.azure.cloud import APPLICATION, Cloud
from tests.azure.replies import json
from tests.fakes.identity_provider_http import Answer
from tests.local.connect.near_side import Json, Process, connected, modern, request
from tests.local.waiting import PATIENCE
from tests.oauth.place import ADAPTER, TOOL, Place

KINDS = ("secret", "workload", "app_service", "imds")


@pytest.mark.parametrize("kind", KINDS)
async def test_each_credential_comes_into_an_adapter(guarded: Place, around: Cloud, kind: str) -> None:
    url = guarded.endpoint(f"/adapters/{ADAPTER}/mcp")
    async with connected(url, "--azure", guarded.scope, **around.environment(kind)) as near:
        await near.begin()
        assert "echo" in _names(await near.ask(request(1, "tools/list")))
        near.stdin.close()
        assert await near.ended() == 0
        assert near.said == []


@pytest.mark.parametrize("kind", KINDS)
async def test_each_credential_comes_to_the_tools(guarded: Place, around: Cloud, kind: str) -> None:
    async with connected(guarded.endpoint("/mcp"), "--azure", guarded.scope, **around.environment(kind)) as near:
        assert _names(await near.ask(modern(1, "tools/list"))) == {TOOL}
        called = await near.ask(modern(2, "tools/call", {"name": TOOL, "arguments": {"do": "echo"}}))
        assert called["result"].get("isError", False) is False
        assert near.said == []


async def test_many_requests_need_one_token(guarded: Place, around: Cloud) -> None:
    async with connected(guarded.endpoint("/mcp"), "--azure", guarded.scope, **around.environment("secret")) as near:
        for id in range(20):
            near.send(modern(id, "tools/list"))
        assert {(await near.receive())["id"] for _ in range(20)} == set(range(20))
    assert around.entra.asked == 1


async def test_token_that_the_gateway_refuses_is_replaced_once(guarded: Place, around: Cloud) -> None:
    """The first is not valid any more, though it was said to be."""
    stale = {"access_token": guarded.provider.app_token("old", seconds=-90), "expires_in": 3600, "token_type": "Bearer"}
    around.entra.faults.append(json(stale))
    async with connected(guarded.endpoint("/mcp"), "--azure", guarded.scope, **around.environment("secret")) as near:
        assert _names(await near.ask(modern(1, "tools/list"))) == {TOOL}
        assert near.said == []
    assert around.entra.asked == 2


async def test_wrong_secret_is_told_to_person_and_client(guarded: Place, around: Cloud) -> None:
    wrong = {**around.environment("secret"), "AZURE_CLIENT_SECRET": "not-this-one"}
    async with connected(guarded.endpoint("/mcp"), "--azure", guarded.scope, **wrong) as near:
        answer = await near.ask(modern(1, "tools/list"))
        assert "AADSTS7000215: Invalid client secret provided" in answer["error"]["message"]
        await _only_says(near, "AADSTS7000215", "not-this-one")


async def test_bridge_outlives_an_outage_of_entra(guarded: Place, around: Cloud) -> None:
    around.entra.faults.extend([Answer(503, b"out of order")] * 4)  # as often as azure-identity tries
    async with connected(guarded.endpoint("/mcp"), "--azure", guarded.scope, **around.environment("secret")) as near:
        assert "error" in await near.ask(modern(1, "tools/list"))
        assert _names(await near.ask(modern(2, "tools/list"))) == {TOOL}


async def test_nobody_signed_in_is_told_what_to_do(guarded: Place, around: Cloud) -> None:
    around.imds.identity = None
    async with connected(guarded.endpoint("/mcp"), "--azure", guarded.scope, **around.environment("imds")) as near:
        answer = await near.ask(modern(1, "tools/list"))
        assert "Nobody is signed in to Azure here: run `az login`" in answer["error"]["message"]
        await _only_says(near, "az login")


async def test_scope_that_the_server_names_is_shown_and_never_asked_for(guarded: Place, around: Cloud) -> None:
    """A token for something else is refused, with the scope that would do: the person decides."""
    around.entra.resources["api://else"] = "else"
    async with connected(
        guarded.endpoint("/mcp"), "--azure", "api://else/access", **around.environment("secret")
    ) as near:
        answer = await near.ask(modern(1, "tools/list"))
        assert f"It asks for the scope `{guarded.scope}`." in answer["error"]["message"]
    assert around.entra.granted == ["api://else", "api://else"]  # again once, and for the same


async def test_application_without_a_role_is_told_what_is_missing(guarded: Place, around: Cloud) -> None:
    poor = guarded.provider.app_token("poor")
    around.entra.faults.append(json({"access_token": poor, "expires_in": 3600, "token_type": "Bearer"}))
    async with connected(guarded.endpoint("/mcp"), "--azure", guarded.scope, **around.environment("secret")) as near:
        answer = await near.ask(modern(1, "tools/list"))
        assert "role" in answer["error"]["message"]
        await _only_says(near, answer["error"]["message"])


async def test_without_the_extra_one_sentence_says_which() -> None:
    """As in an installation that has azure-functions, and so `azure`, but not `azure.identity`."""
    script = (
        "import sys; sys.modules['azure.identity'] = None; sys.modules['azure.identity.aio'] = None;"
        " from local.cli import main; main(['connect', 'http://localhost:9/mcp', '--azure', 'api://x/access'])"
    )
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdout=pipe, stderr=pipe)
    output, said = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert (process.returncode, output) == (2, b"")
    assert said == b"mcp-gateway: --azure needs azure-identity: install `mcp-gateway[azure]`.\n"


def _names(answer: Json) -> set[str]:
    assert "result" in answer, answer
    return {tool["name"] for tool in answer["result"]["tools"]}


async def _only_says(near: Process, part: str, *secrets: str) -> None:
    """One line for the person, and nothing that is nobody's business."""
    await near.says(part)
    assert len(near.said) == 1
    for secret in (APPLICATION.secret, *secrets, "Bearer", "eyJ"):
        assert secret not in near.said[0]
