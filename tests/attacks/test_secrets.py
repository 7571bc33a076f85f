"""Secrets: what somebody said in confidence is found nowhere but where it belongs: in no log, trail, answer, title or child.

One gateway is led through everything that could tell, with marked values; then everything it wrote, said and started is searched.
"""

import json
import os
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from tests.attacks.ground import OWNER, Ground, running
from tests.fakes.collector import Collector
from tests.fakes.identity_provider import IdentityProvider
from tests.journeys.caller import TEAM, Caller, fresh
from tests.journeys.client import Client
from tests.journeys.reply import Reply
from tests.journeys.waiting import until

# What the process itself is told, and nobody else may learn.
OWN = {
    "OTEL_EXPORTER_OTLP_HEADERS": "authorization=hush-collector",
    "GatewaySettings__Secret": "hush-gateway-secret-0123456789",
    "GatewaySettings__PreviousSecret": "hush-previous-secret-0123456789",
    "Seal__Keys__0": "6875736820686561646c657373206b79",
    "CUSTOM_PASSWORD": "hush-password-of-who-started-it",
}
VALUE = "hush-environment-value"
ARGUMENT = "hush-argument"
ANSWER = "hush-answer"
QUERY = "hush-query"
COOKIE = "hush-cookie"
BAD_TOKEN = "hush.not-a.token"
GIVEN_SESSION = "hush-session-of-the-query"


class Story(msgspec.Struct):
    """What was done, and said by whom. `forbidden`: texts by what they are; `answers`: what others than the owner were told."""

    ground: Ground
    collector: Collector
    home: Path
    adapter: str
    tool: str
    forbidden: dict[str, str] = {}
    answers: list[Reply] = []
    environments: list[dict[str, str]] = []

    def heard(self, reply: Reply) -> Reply:
        """Keeps an answer for the search."""
        self.answers.append(reply)
        return reply

    @property
    def pid(self) -> int:
        """The gateway's process."""
        child = next((self.home / "children").iterdir())
        stat = Path(f"/proc/{child.name}/stat").read_text()
        return int(stat.rpartition(")")[2].split()[1])


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[Ground, Collector]]:
    """A gateway that has secrets of its own, and a collector."""
    with IdentityProvider() as idp, Collector() as collector:
        settings = {**OWN, "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "NO_PROXY": "*"}
        with running(tmp_path_factory.mktemp("secrets"), idp, **settings) as ground:
            yield ground, collector


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def story(told: tuple[Ground, Collector]) -> AsyncGenerator[Story]:
    """Everything was done once."""
    ground, collector = told
    home = ground.log.parent / "home"
    async with ground.person(OWNER) as owner:
        adapter = await owner.serving("recorder", environmentVariables={"API_KEY": VALUE}, requiredRoles=[TEAM])
        tool = await owner.publish(environmentVariables={"API_KEY": VALUE}, requiredRoles=[TEAM])
        await until(lambda: owner.get(f"/tools/{tool}/status"), lambda reply: reply.json["readyReplicas"] == 1)
        done = Story(ground, collector, home, adapter, tool)
        done.forbidden = {
            "trust secret": (home / "trust.secret").read_text().strip(),
            "seal key": (home / "seal.key").read_text().strip(),
            "collector's key": "hush-collector",
            **{name: value for name, value in OWN.items() if name != "OTEL_EXPORTER_OTLP_HEADERS"},
            "environment value": VALUE,
            "argument": ARGUMENT,
            "answer": ANSWER,
            "query": QUERY,
            "cookie": COOKIE,
            "bad token": BAD_TOKEN,
            "session of the query": GIVEN_SESSION,
        }
        await _used(done)
        await _refused(done, owner)
        yield done


async def _used(story: Story) -> None:
    """A reader reads and calls, with cookies and queries."""
    async with story.ground.person("rita", [TEAM]) as rita:
        rita.headers["Cookie"] = f"session={COOKIE}"
        story.forbidden["token"] = rita.headers["Authorization"].removeprefix("Bearer ")
        story.forbidden["signature"] = story.forbidden["token"].rpartition(".")[2]
        for path in (f"/adapters/{story.adapter}", "/adapters", f"/tools/{story.tool}", "/tools"):
            for more in ("", "/status", "/logs") if path.count("/") == 2 else ("",):
                story.heard(await rita.get(f"{path}{more}?key={QUERY}"))
        for path in ("/", "/openapi.json", "/mcp", "/ready", f"/.well-known/oauth-protected-resource?x={QUERY}"):
            story.heard(await rita.get(path))
        client = await Client(rita, story.adapter).begin()
        story.forbidden["sealed session"] = client.session
        assert (await client.call("echo", text=ARGUMENT))["text"] == ARGUMENT
        story.environments.append(await client.call("env"))
        client.path += f"?session_id={client.session}&key={QUERY}"
        assert (await client.calling("headers")).status == 200
        router = await Client(rita).begin()
        story.forbidden["sealed session of the router"] = router.session
        reply = await router.calling(story.tool, do="say", body=ANSWER, media="text/plain", status=200)
        assert ANSWER in reply.body.decode()


async def _refused(story: Story, owner: Caller) -> None:
    """Everything that can go wrong goes wrong."""
    heard = story.heard
    async with story.ground.person("mallory") as mallory:
        mallory.headers["Cookie"] = f"session={COOKIE}"
        for path in (f"/adapters/{story.adapter}", f"/tools/{story.tool}"):
            for more in ("", "/logs", "/status"):
                assert heard(await mallory.get(f"{path}{more}?key={QUERY}")).status in (403, 404)
            assert heard(await mallory.put(path, {"environmentVariables": {"A": ARGUMENT}})).status >= 400
            assert heard(await mallory.delete(path)).status in (403, 404)
        client = Client(mallory, story.adapter)
        client.session = story.forbidden["sealed session"]
        assert heard(await client.calling("echo", text=ARGUMENT)).status in (403, 404)
        client.path = f"/mcp?session_id={GIVEN_SESSION}"
        client.session = ""
        assert heard(await client.calling("echo", text=ARGUMENT)).status >= 400
    async with story.ground.person("rita", [TEAM]) as rita:
        client = Client(rita, modern=True)
        for asked in (
            {"do": "say", "status": 500, "body": "broken"},
            {"do": "close", "secret": ARGUMENT},
            {"do": "nonsense"},
        ):
            assert heard(await client.calling(story.tool, **asked)).status == 200
        assert heard(await client.calling("none", text=ARGUMENT)).status == 400
        dead = Client(rita, story.adapter)
        dead.session = GIVEN_SESSION
        assert heard(await dead.calling("echo", text=ARGUMENT)).status == 404
    async with Caller(story.ground.url, proven={"Authorization": f"Bearer {BAD_TOKEN}"}) as nobody:
        for path in ("/adapters", "/mcp", f"/adapters/{story.adapter}/mcp"):
            assert heard(await nobody.get(f"{path}?access_token={QUERY}")).status == 401
    bad = {"environmentVariables": {"API_KEY": 5, "B": VALUE}}
    heard(await owner.post("/adapters", {"name": fresh(), "imageName": "none", "imageVersion": "1", **bad}))
    heard(await owner.post("/adapters", b'{"name": "x", "password": "' + ARGUMENT.encode()))
    heard(await owner.post("/adapters", {"name": f"x{ARGUMENT}!"}, X_Api_Key=QUERY))


def _search(story: Story, text: str, where: str, *but: str) -> None:
    for what, secret in story.forbidden.items():
        if what not in but:
            assert secret not in text, f"the {what} is in {where}"


@pytest.mark.asyncio(loop_scope="module")
async def test_no_log_has_a_secret(story: Story) -> None:
    logs = (story.home / "logs").glob("gateway.log*")
    _search(story, story.ground.log.read_text(), "what it says at the terminal")
    for log in logs:
        _search(story, log.read_text(), log.name)


@pytest.mark.asyncio(loop_scope="module")
async def test_trail_has_everything_but_secrets(story: Story) -> None:
    lines = (story.home / "logs" / "audit.log").read_text()
    told = [json.loads(line) for line in lines.splitlines()]

    # A name that is refused is a name: it is what the trail is there to tell.
    _search(story, lines.replace(f"x{ARGUMENT}!", ""), "the trail")
    seen = {(line["event"], line["who"], line["what"], line["result"]) for line in told}
    assert {
        ("adapter.create", OWNER, story.adapter, "ok"),
        ("tool.create", OWNER, story.tool, "ok"),
        ("tool.call", "rita", story.tool, "ok"),
        ("tool.call", "rita", story.tool, "failed"),
        ("tool.call", "rita", "none", "unknown"),
        ("adapter.logs", "rita", story.adapter, "ok"),
        ("access.denied", "", "GET /mcp", "denied"),
        ("access.denied", "mallory", f"POST /adapters/{story.adapter}/mcp", "denied"),
    } <= seen


@pytest.mark.asyncio(loop_scope="module")
async def test_collector_gets_the_trail_and_no_secret(story: Story) -> None:
    lines = (story.home / "logs" / "audit.log").read_bytes().count(b"\n")
    story.collector.until(lambda it: len(it.received) >= lines)
    told = [msgspec.json.encode(each).decode() for each in list(story.collector.received)]
    for each in told:
        _search(story, each.replace(f"x{ARGUMENT}!", ""), "what the collector got")
    assert story.collector.headers[0]["authorization"] == "hush-collector"
    assert {"adapter.create", "tool.create", "tool.call"} <= {each.name for each in list(story.collector.received)}


@pytest.mark.asyncio(loop_scope="module")
async def test_no_answer_to_a_reader_or_a_stranger_has_a_secret(story: Story) -> None:
    assert len(story.answers) > 30
    for reply in story.answers:
        text = f"{reply.headers}\n{reply.body.decode(errors='replace')}"
        # A client is told its own session, and in a problem which name is wrong.
        _search(story, text.replace(f"x{ARGUMENT}!", ""), text[-2000:])


@pytest.mark.asyncio(loop_scope="module")
async def test_reader_sees_that_there_is_a_value_and_its_owner_sees_it(story: Story) -> None:
    async with story.ground.person("rita", [TEAM]) as rita, story.ground.person(OWNER) as owner:
        for path in (f"/adapters/{story.adapter}", f"/tools/{story.tool}"):
            assert (await rita.get(path)).json["environmentVariables"] == {"API_KEY": "***"}
            assert (await owner.get(path)).json["environmentVariables"] == {"API_KEY": VALUE}


@pytest.mark.asyncio(loop_scope="module")
async def test_children_inherit_nothing_of_the_gateway(story: Story) -> None:
    environments = [*story.environments, *map(_environment, (story.home / "children").iterdir())]
    assert len(environments) == 3
    for environment in environments:
        _search(story, json.dumps(environment), "a child's environment", "environment value")
        assert set(environment) <= {"PATH", "HOME", "TMPDIR", "LANG", "PORT", "API_KEY", "PYTHONUNBUFFERED", "LC_CTYPE"}


@pytest.mark.asyncio(loop_scope="module")
async def test_no_title_of_a_process_and_no_descriptor_of_a_child_leads_to_a_secret(story: Story) -> None:
    children = [Path("/proc", note.name) for note in (story.home / "children").iterdir()]
    for process in [Path(f"/proc/{story.pid}"), *children]:
        title = (process / "cmdline").read_bytes() + (process / "comm").read_bytes()
        _search(story, title.decode(), f"the title of {process}")
    for process in children:
        opened = [os.readlink(each) for each in (process / "fd").iterdir()]
        assert not [path for path in opened if str(story.home) in path], "records, keys and logs are the gateway's"


@pytest.mark.asyncio(loop_scope="module")
async def test_home_is_its_owners_alone(story: Story) -> None:
    assert story.home.stat().st_mode & 0o777 == 0o700
    for name in ("trust.secret", "seal.key"):
        assert (story.home / name).stat().st_mode & 0o777 == 0o600


def _environment(note: Path) -> dict[str, str]:
    raw = Path(f"/proc/{note.name}/environ").read_bytes().decode()
    pairs: Any = (line.partition("=") for line in raw.split("\0") if line)
    return {name: value for name, _, value in pairs}
