"""The application's identifier URIs follow the adapters: written only when they differ, never somebody else's; what goes wrong."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.azure.application import ENDPOINT, LONGEST, MANAGE, MOST, Application, keeper
from gateway.azure.credentials import credential
from gateway.azure.graph import Busy, Graph, GraphError
from gateway.env import SettingsError
from gateway.records import Adapter, Tool
from tests.azure.cloud import APPLICATION, Cloud
from tests.azure.faults import CUT, LOST, Fault
from tests.azure.graph import Registration
from tests.fakes.identity_provider_http import Answer
from tests.functions.bodies import tool

ORIGIN = "https://gateway.example.org"
CLIENT = "22222222-3333-4444-8555-666666666666"
OTHERS = [f"api://{CLIENT}", f"{ORIGIN}/mcp"]
STRANGE = [
    f"{ORIGIN}/adapters/one/mcp/",
    f"{ORIGIN}/adapters/One/mcp",
    f"{ORIGIN}/adapters/a/b/mcp",
    f"{ORIGIN}.example.org/adapters/one/mcp",
    "https://other.example.org/adapters/one/mcp",
]


def url(name: str) -> str:
    return f"{ORIGIN}/adapters/{name}/mcp"


@pytest.fixture
def registration(cloud: Cloud) -> Registration:
    """Ours in the directory, owned by the control plane's identity."""
    made = cloud.graph.applications[CLIENT] = Registration("object-id", list(OTHERS), [APPLICATION.object_id])
    return made


@pytest.fixture
def application(cloud: Cloud, registration: Registration) -> Application:
    assert registration.uris == OTHERS
    return made(cloud)


def made(cloud: Cloud) -> Application:
    """What one process has."""
    graph = Graph(lambda: credential(cloud.environment("secret")), cloud.graph.url, str(cloud.ca))
    return Application(graph, CLIENT, ORIGIN, pause=0)


async def test_adapters_that_are_there_have_their_uris_and_others_have_none(
    application: Application, registration: Registration
) -> None:
    registration.uris += [url("gone"), url("one")]

    assert await application.follow(["two", "one"])
    assert registration.uris == [*OTHERS, url("one"), url("two")]
    assert await application.follow([])
    assert registration.uris == OTHERS


async def test_where_nothing_differs_nothing_is_written(
    cloud: Cloud, application: Application, registration: Registration
) -> None:
    registration.uris[:0] = [url("b"), url("a")]

    assert not await application.follow(["a", "b"])
    assert cloud.graph.asked == ["GET"]


@pytest.mark.parametrize("uri", STRANGE)
async def test_what_is_not_exactly_an_adapters_url_is_nobodys_here_to_remove(
    application: Application, registration: Registration, uri: str
) -> None:
    registration.uris.append(uri)

    assert await application.follow(["two"])
    assert registration.uris == [*OTHERS, uri, url("two")]


async def test_reading_that_is_old_changes_nothing(
    cloud: Cloud, application: Application, registration: Registration
) -> None:
    registration.uris.append(url("one"))
    cloud.graph.stale.append([])

    assert not await application.follow(["one"])
    assert registration.uris == [*OTHERS, url("one")]
    assert "PATCH" not in cloud.graph.asked


async def test_what_somebody_else_adds_meanwhile_is_kept(
    cloud: Cloud, application: Application, registration: Registration
) -> None:
    """The list that is written is made of the second reading."""
    registration.uris.append("https://else.example.org/x")
    cloud.graph.stale.append(list(OTHERS))

    assert await application.follow(["one"])
    assert registration.uris == [*OTHERS, "https://else.example.org/x", url("one")]


async def test_two_at_once_come_to_the_same_list(cloud: Cloud, registration: Registration) -> None:
    names = [f"a{number}" for number in range(20)]
    await asyncio.gather(*(made(cloud).follow(names) for _ in range(4)))

    assert registration.uris == [*OTHERS, *map(url, sorted(names))]


@pytest.mark.parametrize(
    "fault",
    [Fault(Answer(429, b"", {"Retry-After": "0"})), Fault(Answer(503, b"?")), CUT, LOST],
    ids=["429", "503", "cut", "lost"],
)
@pytest.mark.parametrize("method", ["GET", "PATCH"])
async def test_what_passes_is_waited_for_and_then_read_again(
    cloud: Cloud, application: Application, registration: Registration, fault: Fault, method: str
) -> None:
    cloud.graph.faults.add(fault, 2, method=method)

    await application.follow(["one"])
    assert registration.uris == [*OTHERS, url("one")]
    assert cloud.graph.faults.met == (1 if fault is LOST and method == "PATCH" else 2)


async def test_what_does_not_pass_is_said_and_ends(cloud: Cloud, application: Application) -> None:
    cloud.graph.faults.add(Fault(Answer(503)), 9)
    with pytest.raises(Busy, match="Microsoft Graph answered 503"):
        await application.follow(["one"])
    assert cloud.graph.asked == ["GET"] * 3


async def test_whoever_is_to_come_back_late_is_left_to_the_next_round(cloud: Cloud, application: Application) -> None:
    cloud.graph.faults.add(Fault(Answer(429, b"", {"Retry-After": "120"})), 9)
    with pytest.raises(Busy, match="429"):
        await application.follow(["one"])
    assert cloud.graph.asked == ["GET"]


async def test_refusals_are_told_in_graphs_words_and_without_the_token(
    cloud: Cloud, application: Application, registration: Registration
) -> None:
    cloud.graph.verified.clear()
    with pytest.raises(GraphError, match=r"400 Request_BadRequest: .* must use a verified domain"):
        await application.follow(["one"])
    registration.owners.clear()
    with pytest.raises(GraphError, match="403 Authorization_RequestDenied: Insufficient privileges") as refused:
        await application.follow(["one"])
    assert "Bearer" not in str(refused.value)
    assert "eyJ" not in str(refused.value)
    cloud.graph.applications.clear()
    with pytest.raises(GraphError, match="404 Request_ResourceNotFound"):
        await application.follow(["one"])
    cloud.graph.faults.add(Fault(Answer(200, b"<html>")))
    with pytest.raises(GraphError, match="something else than was asked for"):
        await application.follow(["one"])
    assert registration.uris == OTHERS


async def test_identity_without_a_token_is_said(cloud: Cloud, application: Application) -> None:
    cloud.entra.applications.clear()
    with pytest.raises(GraphError, match=r"no token for Microsoft Graph: .*AADSTS700016"):
        await application.follow(["one"])
    assert cloud.graph.asked == []


async def test_token_is_kept_while_it_holds_and_fetched_anew_before_it_ends(
    cloud: Cloud, application: Application
) -> None:
    for names in ("a", "b", "c"):
        await application.follow(names)
    assert cloud.entra.granted == [cloud.graph.url]
    cloud.entra.life = 200
    other = made(cloud)
    await other.follow("d")
    await other.follow("d")
    assert len(cloud.entra.granted) > 2


async def test_list_that_is_full_is_said_once_and_keeps_whom_it_has(
    application: Application, registration: Registration, caplog: pytest.LogCaptureFixture
) -> None:
    there = [url(f"b{number}") for number in range(MOST - len(OTHERS) - 1)]
    registration.uris += there
    names = [f"b{number}" for number in range(len(there))]

    assert await application.follow([*names, "a1", "a2", "a3"])
    assert not await application.follow([*names, "a1", "a2", "a3"])
    assert registration.uris == [*OTHERS, *there, url("a1")]
    assert [record.message for record in caplog.records if "as many as fit" in record.message] == [
        f"the application has {MOST} identifier URIs, as many as fit; 2 adapters go without"
    ]


async def test_url_that_is_too_long_stops_no_other(cloud: Cloud, registration: Registration) -> None:
    origin = "https://" + ".".join(["x" * 60] * 3 + ["a" * 27, "example.org"])
    cloud_graph = Graph(lambda: credential(cloud.environment("secret")), cloud.graph.url, str(cloud.ca))
    long = "n" * (LONGEST - len(f"{origin}/adapters//mcp"))
    assert 0 < len(long) < 40

    assert await Application(cloud_graph, CLIENT, origin).follow([long, f"{long}n"])
    assert registration.uris == [*OTHERS, f"{origin}/adapters/{long}/mcp"]


# ---- as the environment says ---------------------------------------------------------------------------------------------


@pytest.fixture
def variables(cloud: Cloud) -> dict[str, str]:
    return {
        **cloud.environment("secret"),
        MANAGE: "true",
        ENDPOINT: cloud.graph.url,
        "AzureAd__TenantId": CLIENT,
        "AzureAd__ClientId": CLIENT,
        "PublicOrigin": f"{ORIGIN.upper()}/",
    }


async def test_only_adapters_have_uris(cloud: Cloud, registration: Registration, variables: dict[str, str]) -> None:
    follow = keeper(variables, lambda: credential(cloud.environment("secret")))
    assert follow
    await follow([record(Adapter, "one"), record(Tool, "two")])

    assert registration.uris == [*OTHERS, url("one")]


def record(kind: type[Adapter] | type[Tool], name: str) -> Adapter | Tool:
    now = datetime.now(UTC)
    common: dict[str, Any] = {
        "name": name,
        "id": name,
        "image_name": "example",
        "image_version": "1",
        "created_by": "ada",
        "created_at": now,
        "last_updated_at": now,
        "uid": "u",
        "generation": 1,
    }
    return Adapter(**common) if kind is Adapter else Tool(**common, tool_definition=tool()["toolDefinition"])


def test_nobody_is_asked_for_it_nobody_does_it(variables: dict[str, str]) -> None:
    for value in ("false", "", "FALSE"):
        assert keeper(variables | {MANAGE: value}, nobody) is None


@pytest.mark.parametrize(
    ("name", "given"),
    [
        (MANAGE, {MANAGE: "yes"}),
        (ENDPOINT, {ENDPOINT: "http://graph.example.org"}),
        (ENDPOINT, {ENDPOINT: "https://graph.example.org/v1.0"}),
        ("AzureAd__ClientId", {"AzureAd__ClientId": ""}),
        ("AzureAd__ClientId", {"AzureAd__ClientId": "gateway"}),
        ("PublicOrigin", {"PublicOrigin": ""}),
        ("PublicOrigin", {"PublicOrigin": "http://gateway.example.org"}),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(
    variables: dict[str, str], name: str, given: Mapping[str, str]
) -> None:
    with pytest.raises(SettingsError, match=name):
        keeper({**variables, **given}, nobody)


def nobody() -> Any:
    """Settings are read before anybody signs in."""
    raise AssertionError("no credential was to be made")
