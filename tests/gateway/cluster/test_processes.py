"""`python -m proxy` and `python -m tool_router`: real processes beside a fake API server, from their start to their end."""

import asyncio
import json
import socket
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from msgspec import Raw

from gateway.card import Card
from tests.fakes.identity_provider import IdentityProvider
from tests.gateway.cluster.api_server import ApiServer
from tests.gateway.cluster.load import load
from tests.gateway.cluster.running import SECRET, Running
from tests.gateway.cluster.world import World
from tests.gateway.cluster.world import pod as endpoint
from tests.local.waiting import holds, until
from tests.proxy.pod import Exchange, Pod, pod

MODERN = "2026-07-28"
META: dict[str, Any] = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": {},
}


@pytest.fixture
async def client() -> AsyncGenerator[ClientSession]:
    """Somebody who calls, and keeps connections."""
    async with ClientSession() as session:
        yield session


@pytest.fixture
async def slow() -> asyncio.Event:
    """Until it is set, calls of `slow` are not answered."""
    return asyncio.Event()


@pytest.fixture
async def worker(slow: asyncio.Event) -> AsyncGenerator[Pod]:
    """The one pod there is."""

    async def answer(exchange: Exchange) -> None:
        if b"slow" in exchange.body:
            await slow.wait()
        await exchange.answer(b'{"score":1}')

    async with pod(answer) as running:
        yield running


def shown(world: World, card: Card, worker: Pod) -> None:
    """Lists a card with the pod."""
    world.show(card)
    world.slice(card.kind, card.name, endpoint(worker.uid, "127.0.0.1"), port=worker.port)


def adapter() -> Card:
    """An adapter that anyone of `team` may call."""
    return Card(kind="adapter", name="a", uid="u", generation=1, created_by="ada", required_roles=["team"])


def tool() -> Card:
    """A tool."""
    definition = Raw(b'{"name":"t","inputSchema":{"type":"object"}}')
    return Card(
        kind="tool",
        name="t",
        uid="u",
        generation=1,
        created_by="ada",
        required_roles=["team"],
        path="/score",
        tool=definition,
    )


async def test_the_proxy_serves_and_at_its_end_nobody_notices(
    server: ApiServer, world: World, client: ClientSession, worker: Pod, slow: asyncio.Event, tmp_path: Path
) -> None:
    server.tokens = {"let-me-in"}
    shown(world, adapter(), worker)
    async with Running("proxy", server.url, tmp_path) as proxy:

        async def call(text: str = "fast") -> int:
            body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"x": text}})
            headers = {"X-Dev-Roles": "team", "Content-Type": "application/json"}
            async with client.post(f"{proxy.url}/adapters/a/mcp", data=body, headers=headers) as response:
                await response.read()
                return response.status

        await proxy.ready(client)
        async with load(call) as running:
            await running.more(50)
            under_way = asyncio.create_task(call("slow"))
            await holds(lambda: any(b"slow" in exchange.body for exchange in worker.seen))
            proxy.end()
            ended = asyncio.get_running_loop().time()
            await proxy.ready(client, 503)
            await running.more(50)
            running.stopping = True  # by now nobody is sent to it any more
        await holds(lambda: asyncio.get_running_loop().time() > ended + 1.5)
        assert proxy.process.poll() is None, "a request is still under way"
        slow.set()
        assert await under_way == 200
        assert await proxy.ended() == 0
        assert running.failed == []
        said = [line["message"] for line in proxy.logged if line["level"] != "info"]
        assert [text for text in said if "GET /ready" not in text] == [
            "callers are believed, not verified: Authentication__BypassEntra is true"
        ]


async def test_a_proxy_that_verifies_tokens_audits_whom_it_denied(
    server: ApiServer, world: World, client: ClientSession, worker: Pod, tmp_path: Path
) -> None:
    shown(world, adapter(), worker)
    with IdentityProvider() as idp:
        told = {**idp.environment("https://gateway.example.com"), "Authentication__BypassEntra": "false"}
        async with Running("proxy", server.url, tmp_path, **told) as proxy:
            await proxy.ready(client)

            async def call(**headers: str) -> tuple[int, str]:
                async with client.post(f"{proxy.url}/adapters/a/mcp", headers=headers) as response:
                    return response.status, response.headers.get("WWW-Authenticate", "")

            status, challenge = await call(**{"X-Dev-Roles": "team"})
            assert status == 401
            place = "https://gateway.example.com/.well-known/oauth-protected-resource/adapters/a/mcp"
            assert f'resource_metadata="{place}"' in challenge
            assert await call(Authorization=f"Bearer {idp.token('ada', ['team'])}") == (200, "")
            assert await call(Authorization=f"Bearer {idp.token('bob')}") == (403, "")
            proxy.end()
            assert await proxy.ended() == 0
            denied = [(line["event"], line["who"], line["what"]) for line in proxy.audited]
            assert denied == [("access.denied", who, "POST /adapters/a/mcp") for who in ("", "bob")]
            assert not [line for line in proxy.logged if "believed" in line["message"]]


async def test_a_card_that_changes_is_in_force_at_once(
    server: ApiServer, world: World, client: ClientSession, worker: Pod, tmp_path: Path
) -> None:
    shown(world, adapter(), worker)
    async with Running("proxy", server.url, tmp_path) as proxy:
        await proxy.ready(client)

        async def call() -> int:
            async with client.post(f"{proxy.url}/adapters/a/mcp", headers={"X-Dev-Roles": "team"}) as response:
                return response.status

        assert await call() == 200
        card = adapter()
        card.required_roles, card.generation = ["others"], 2
        world.show(card)
        await until(call, lambda status: status == 403, 1)


async def test_the_proxy_is_unready_until_its_catalog_is_complete(
    server: ApiServer, client: ClientSession, tmp_path: Path
) -> None:
    server.stalls = 1
    async with Running("proxy", server.url, tmp_path) as proxy:
        await proxy.ready(client, 503)
        async with client.get(f"{proxy.url}/ping") as response:
            assert response.status == 200
        proxy.end()
        assert await proxy.ended() == 0


async def test_the_router_serves_audits_and_at_its_end_nobody_notices(
    server: ApiServer, world: World, client: ClientSession, worker: Pod, slow: asyncio.Event, tmp_path: Path
) -> None:
    shown(world, tool(), worker)
    async with Running("tool_router", server.url, tmp_path) as router:

        async def ask(method: str, params: dict[str, Any], name: str = "") -> Any:
            body: Any = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {"_meta": META, **params}}
            headers = {
                "X-Mcp-UserId": "alice",
                "X-Mcp-Roles": "team",
                "X-Gateway-Secret": SECRET,
                "Accept": "application/json, text/event-stream",
                "MCP-Protocol-Version": MODERN,
                "Mcp-Method": method,
                **({"Mcp-Name": name} if name else {}),
            }
            return client.post(f"{router.url}/mcp", json=body, headers=headers)

        async def call(text: str = "fast") -> int:
            async with await ask("tools/call", {"name": "t", "arguments": {"x": text}}, "t") as response:
                assert b'"score\\":1' in await response.read()
                return response.status

        await router.ready(client)
        async with load(call) as running, await ask("subscriptions/listen", {"notifications": {}}) as stream:
            await running.more(50)
            under_way = asyncio.create_task(call("slow"))
            await holds(lambda: any(b"slow" in exchange.body for exchange in worker.seen))
            await stream.content.readuntil(b"\n\n")
            router.end()
            ended = asyncio.get_running_loop().time()
            await router.ready(client, 503)
            async with await ask("subscriptions/listen", {"notifications": {}}) as other:
                assert other.status == 200, "unready is not closed: whoever still comes is served"
            await running.more(50)
            running.stopping = True  # by now nobody is sent to it any more
            async with asyncio.timeout(10):
                await stream.read()  # it ends in order, or this raises
        await holds(lambda: asyncio.get_running_loop().time() > ended + 1.5)
        assert router.process.poll() is None, "a call is still under way"
        slow.set()
        assert await under_way == 200
        assert await router.ended() == 0
        assert running.failed == []
        assert len(router.audited) == running.answered + 1
        assert {(line["who"], line["what"], line["result"]) for line in router.audited} == {("alice", "t", "ok")}
        assert {line["level"] for line in router.logged} <= {"info"}


@pytest.mark.parametrize("module", ["proxy", "tool_router"])
async def test_what_keeps_a_process_from_starting_is_one_sentence_and_exit_1(module: str, tmp_path: Path) -> None:
    async with Running(module, "http://127.0.0.1:9", tmp_path, Seal__Keys__0="") as process:
        assert await process.ended() == 1
        assert [(line["level"], line["message"]) for line in process.logged] == [
            ("critical", "Seal__Keys__0 is required.")
        ]


async def test_a_proxy_that_is_not_told_who_may_come_in_does_not_start(tmp_path: Path) -> None:
    async with Running("proxy", "http://127.0.0.1:9", tmp_path, Authentication__BypassEntra="false") as process:
        assert await process.ended() == 1
        assert process.logged[0]["message"].startswith("Who may come in is not said: set AzureAd__TenantId")


@pytest.mark.parametrize("module", ["proxy", "tool_router"])
async def test_a_port_that_is_taken_is_said_and_exit_1(module: str, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        async with Running(module, "http://127.0.0.1:9", tmp_path, Listen__Port=port) as process:
            assert await process.ended() == 1
            assert "address already in use" in process.logged[-1]["message"]


@pytest.mark.parametrize("module", ["proxy", "tool_router"])
async def test_an_end_while_the_api_server_is_not_there_is_an_end(
    module: str, client: ClientSession, tmp_path: Path
) -> None:
    async with Running(module, "http://127.0.0.1:9", tmp_path, Drain__Seconds="0") as process:
        await process.ready(client, 503)
        process.end()
        assert await process.ended() == 0
