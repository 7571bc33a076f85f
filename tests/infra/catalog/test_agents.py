"""Agents through the provider, against a small server: the product's own routes for them come in a later step."""

from collections.abc import AsyncGenerator

import pytest

from infra.catalog.plugin.values import UNKNOWN, Values
from tests.infra.catalog.moody_gateway import MoodyGateway
from tests.infra.catalog.plugin import AGENT, Failed, Plugin, paths

_CLERK: Values = {"model": "gpt", "system": "Be brief.", "tools": ["mcp:weather"], "metadata": {"team": "a"}}


@pytest.fixture
async def moody() -> AsyncGenerator[MoodyGateway]:
    async with MoodyGateway() as server:
        yield server


@pytest.fixture
async def plugin(moody: MoodyGateway) -> AsyncGenerator[Plugin]:
    async with Plugin(endpoint=moody.url) as started:
        yield started


async def test_an_agent_is_made_changed_and_removed(moody: MoodyGateway, plugin: Plugin) -> None:
    wanted = await plugin.good(AGENT, _CLERK, "clerk")
    there = await plugin.create(AGENT, wanted)
    assert there.id == "agents/clerk"
    assert there.outputs["url"] == f"{moody.url}/agents/clerk"
    assert "mcpUrl" not in there.outputs
    assert moody.agents["clerk"]["tools"] == ["mcp:weather"]

    changed = await plugin.update(AGENT, there, {**wanted, "system": "Be long."})
    assert moody.agents["clerk"]["system"] == "Be long."
    assert changed.outputs["uid"] == there.outputs["uid"]

    await plugin.delete(AGENT, changed)
    assert not moody.agents


async def test_what_others_did_to_an_agent_is_drift(moody: MoodyGateway, plugin: Plugin) -> None:
    wanted = await plugin.good(AGENT, _CLERK, "clerk")
    there = await plugin.create(AGENT, wanted)
    moody.agents["clerk"] |= {"etag": "theirs", "metadata": {"team": "b"}}
    with pytest.raises(Failed, match="changed by somebody else"):
        await plugin.update(AGENT, there, {**wanted, "system": "Be long."})
    now = await plugin.read(AGENT, there.id, there)
    assert now
    assert paths(await plugin.diff(AGENT, now, wanted)) == {"metadata.team": "UPDATE"}


async def test_another_name_is_another_agent(plugin: Plugin) -> None:
    there = await plugin.create(AGENT, await plugin.good(AGENT, _CLERK, "clerk"))
    reply = await plugin.diff(AGENT, there, await plugin.good(AGENT, _CLERK, "porter"))
    assert paths(reply) == {"name": "UPDATE_REPLACE"}
    assert list(reply.replaces) == ["name"]
    assert not reply.deleteBeforeReplace


async def test_a_tool_that_is_not_there_yet_is_no_error_in_a_preview(plugin: Plugin) -> None:
    wanted = await plugin.good(AGENT, {**_CLERK, "tools": ["mcp:weather", UNKNOWN]}, "clerk")
    planned = await plugin.create(AGENT, wanted, preview=True)
    assert planned.outputs["tools"] == ["mcp:weather", UNKNOWN]


async def test_an_agent_is_taken_over(moody: MoodyGateway, plugin: Plugin) -> None:
    wanted = await plugin.good(AGENT, _CLERK, "clerk")
    await plugin.create(AGENT, wanted)
    with pytest.raises(Failed, match=r"`pulumi import mcp-gateway:catalog:McpAgent <resource> agents/clerk`"):
        await plugin.create(AGENT, wanted)
    found = await plugin.read(AGENT, "agents/clerk")
    assert found
    assert found.inputs == wanted
