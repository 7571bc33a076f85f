"""The composition of Azure: records in Cosmos DB, a cluster by tokens, callers of Entra; each real but for the other side."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import ClientSession
from azure.functions import FunctionApp

from functions.composition import Composition, composed
from functions.on_azure import on_azure
from gateway.env import SettingsError
from tests.azure.cloud import Cloud
from tests.functions.api_server import ApiServer
from tests.functions.azure_place import cluster_of, environment
from tests.functions.bodies import adapter
from tests.functions.mini_host.serving import serving
from tests.functions.mini_host.wwwroot import linked
from tests.local.waiting import until

RECONCILE = "/admin/functions/reconcile"


class Reply(msgspec.Struct, frozen=True):
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return msgspec.json.decode(self.body)


class App:
    """The app as the platform runs it, and somebody in front of it."""

    def __init__(self, url: str, session: ClientSession, token: str, folder: Path) -> None:
        self._url = url
        self._session = session
        self._token = token
        self.folder = folder

    async def ask(self, method: str, path: str, body: object = None, **headers: str) -> Reply:
        """With a token, unless another is given; header names are written with `_` for `-`."""
        sent = {"Authorization": f"Bearer {self._token}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        async with self._session.request(method, self._url + path, json=body, headers=sent) as response:
            return Reply(response.status, response.headers, await response.read())

    async def reconcile(self) -> None:
        """The timer goes off. Raises AssertionError where the function fails."""
        assert (await self.ask("POST", RECONCILE)).status == 202, (self.folder / "worker.err").read_text()


@pytest.fixture
async def server(cloud: Cloud) -> AsyncGenerator[ApiServer]:
    async with cluster_of(cloud) as server:
        yield server


@pytest.fixture
async def app(cloud: Cloud, server: ApiServer, tmp_path: Path) -> AsyncGenerator[App]:
    wwwroot = linked(tmp_path / "wwwroot")
    async with serving(wwwroot, environment(cloud, server.url), tmp_path) as url, ClientSession() as session:
        yield App(url, session, cloud.provider.token("ada"), tmp_path)


async def test_whole_life_of_an_adapter_on_azure(server: ApiServer, app: App) -> None:
    created = await app.ask("POST", "/adapters", adapter(imageName="listens"))
    assert (created.status, created.headers["Location"]) == (201, "/adapters/one")
    assert server.objects.tables["services"].keys() == server.objects.tables["statefulsets"].keys() == {"mcp-one"}
    got = await app.ask("GET", "/adapters/one")
    assert got.json == created.json
    assert got.json["createdBy"] == "ada"
    assert (await app.ask("GET", "/adapters/one/status")).json["replicaStatus"] == "Healthy"
    changed = adapter(imageName="listens", description="d")
    assert (await app.ask("PUT", "/adapters/one", changed, If_Match=got.headers["ETag"])).status == 200
    assert (await app.ask("PUT", "/adapters/one", changed, If_Match=got.headers["ETag"])).status == 412
    await app.reconcile()
    assert (await app.ask("DELETE", "/adapters/one")).status == 204
    assert (await app.ask("GET", "/adapters")).json == []
    assert server.objects.tables["services"] == {}
    assert (await app.ask("GET", "/ready")).status == 200
    assert len(set(server.shown)) == 1


async def test_everything_is_written_down_where_the_platform_collects_it(app: App) -> None:
    await app.ask("POST", "/adapters", adapter(imageName="listens"))
    lines = map(msgspec.json.decode, (app.folder / "worker.out").read_bytes().splitlines())
    assert [(line["event"], line["who"], line["what"]) for line in lines] == [("adapter.create", "ada", "one")]


async def test_strangers_are_shown_where_to_sign_in_before_anything_is_asked(
    cloud: Cloud, server: ApiServer, app: App
) -> None:
    refused = await app.ask("GET", "/adapters", Authorization="Bearer x")
    assert refused.status == 401
    assert "resource_metadata=" in refused.headers["WWW-Authenticate"]
    assert (await app.ask("GET", "/ping")).status == 200
    assert cloud.cosmos.asked == server.questions == []
    assert cloud.app_service.asked == 0


async def test_without_its_identity_the_app_answers_503_and_lives_on(cloud: Cloud, app: App) -> None:
    whose, cloud.app_service.identity = cloud.app_service.identity, None
    refused = await app.ask("GET", "/adapters")
    assert (refused.status, refused.headers["Content-Type"]) == (503, "application/problem+json")
    assert (await app.ask("GET", "/ready")).status == 503
    assert (await app.ask("GET", "/ping")).status == 200
    cloud.app_service.identity = whose
    await until(lambda: app.ask("GET", "/adapters"), lambda reply: reply.status == 200)


async def test_while_the_cluster_is_away_records_are_kept_and_the_timer_brings_them_there(
    server: ApiServer, app: App
) -> None:
    accepts, server.accepts = server.accepts, nobody
    created = await app.ask("POST", "/adapters", adapter(imageName="listens"))
    assert created.status == 201
    assert server.objects.tables["services"] == {}
    server.accepts = accepts
    await app.reconcile()
    assert server.objects.tables["services"].keys() == {"mcp-one"}


async def test_timers_of_two_instances_at_once_do_no_harm(
    cloud: Cloud, server: ApiServer, app: App, tmp_path: Path
) -> None:
    accepts, server.accepts = server.accepts, nobody
    assert (await app.ask("POST", "/adapters", adapter(imageName="listens"))).status == 201
    server.accepts = accepts
    (tmp_path / "second").mkdir()
    async with (
        serving(tmp_path / "wwwroot", environment(cloud, server.url), tmp_path / "second") as url,
        ClientSession() as session,
    ):
        other = App(url, session, "", tmp_path / "second")
        await asyncio.gather(app.reconcile(), other.reconcile(), app.reconcile())
    assert server.objects.tables["services"].keys() == server.objects.tables["statefulsets"].keys() == {"mcp-one"}
    writes = len(server.writes)
    await app.reconcile()
    assert len(server.writes) == writes


def nobody(_: str) -> bool:
    """Whom a cluster lets in whose rights have not arrived yet."""
    return False


@pytest.fixture
def variables(cloud: Cloud) -> dict[str, str]:
    return dict(environment(cloud, "https://localhost:9"))


def test_it_is_composed_without_a_loop_and_without_asking_anybody(cloud: Cloud, variables: dict[str, str]) -> None:
    assert isinstance(on_azure(variables), Composition)
    assert isinstance(composed(variables), FunctionApp)
    assert cloud.cosmos.asked == []
    assert cloud.app_service.asked == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ControlPlane__Compose", ""),
        ("CosmosSettings__AccountEndpoint", ""),
        ("CosmosSettings__AccountEndpoint", "AccountEndpoint=https://x;AccountKey=k"),
        ("Kubernetes__ApiServer", ""),
        ("Kubernetes__CertificateAuthority", "x"),
        ("ContainerRegistrySettings__Endpoint", ""),
        ("AzureAd__ClientId", ""),
        ("PublicOrigin", ""),
        ("Authentication__BypassEntra", "true"),
        ("Redis__ConnectionString", "x"),
        ("Quotas__Records", "many"),
    ],
)
def test_setting_that_is_missing_or_wrong_is_refused_by_name(variables: dict[str, str], name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        composed(variables | {name: value})


def test_nobody_said_to_come_in_is_refused(variables: dict[str, str]) -> None:
    told = {name: value for name, value in variables.items() if not name.startswith("AzureAd__")}
    with pytest.raises(SettingsError, match="Who may come in is not said"):
        composed(told)
