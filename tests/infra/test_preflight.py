"""Preflight: what is missing is said, each thing by what would help; and nothing where nothing is."""

import base64
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from infra.config import Config, Sizes, Tls
from infra.directory import Directory
from infra.preflight import Preflight
from infra.signed_in import signed_in

SUBSCRIPTION = "5b0c5f1e-6a0e-4c7e-9d54-2f1d6a3c8b10"
CONFIG = Config(
    resource_group="mine",
    create_resource_group=True,
    label="abc123",
    location="westus3",
    tls=Tls(mode="selfSigned"),
    app_roles=(),
    sizes=Sizes(),
    session_days=30,
)
OWNER = [{"actions": ["*"], "notActions": []}]
CONTRIBUTOR = [
    {"actions": ["*"], "notActions": ["Microsoft.Authorization/*/Write", "Microsoft.Authorization/*/Delete"]}
]
ADMINISTRATOR = [{"actions": ["Microsoft.Authorization/roleAssignments/write"], "notActions": []}]
NAMES = (
    "App Authorization Compute ContainerRegistry ContainerService DocumentDB Insights KeyVault ManagedIdentity Network"
)
REGISTERED = [f"Microsoft.{name}" for name in f"{NAMES} OperationalInsights Storage Web".split()]
PERSON: Mapping[str, Any] = {"scp": "Directory.Read", "wids": ["cf1c38e5-3621-4004-a7cb-879624dced7c"]}
PROGRAM: Mapping[str, Any] = {"idtyp": "app", "roles": ["Application.ReadWrite.OwnedBy"]}


def size(name: str, cores: int) -> dict[str, Any]:
    capabilities = [{"name": "MemoryGB", "value": "8"}, {"name": "vCPUs", "value": str(cores)}]
    return {
        "name": name,
        "resourceType": "virtualMachines",
        "family": "standardDDSv5Family",
        "capabilities": capabilities,
    }


class Azure(msgspec.Struct, kw_only=True):
    """What Azure knows; all is well unless told otherwise. `group`, `cluster`: whether they are there."""

    held: list[dict[str, Any]] = msgspec.field(default_factory=lambda: [*OWNER])
    registered: list[str] = msgspec.field(default_factory=lambda: [*REGISTERED])
    sizes: list[dict[str, Any]] = msgspec.field(
        default_factory=lambda: [size("Standard_D2ds_v5", 2), size("Standard_D4ds_v5", 4)]
    )
    free: int = 100
    group: bool = False
    cluster: bool = False
    claims: Mapping[str, Any] = msgspec.field(default_factory=lambda: PERSON)
    anybody_registers: bool = False
    closed: tuple[str, ...] = ()

    async def answer(self, request: web.Request) -> web.Response:
        path = request.path.removeprefix(f"/subscriptions/{SUBSCRIPTION}")
        if any(part in path for part in self.closed):
            return web.Response(status=403)
        if path.endswith("authorizationPolicy"):
            may = {"allowedToCreateApps": self.anybody_registers}
            return web.json_response({"defaultUserRolePermissions": may})
        assert request.query["api-version"]
        if path == "/resourceGroups/mine":
            return web.json_response({} if self.group else None, status=200 if self.group else 404)
        if "/managedClusters/" in path:
            return web.json_response(
                {"name": "mg-aks-abc123"} if self.cluster else None, status=200 if self.cluster else 404
            )
        return web.json_response({"value": self._listed(path, request)} | self._rest(path, request))

    def _listed(self, path: str, request: web.Request) -> list[dict[str, Any]]:
        if path.endswith("/permissions"):
            assert path.startswith("/resourceGroups/mine/" if self.group else "/providers/")
            return self.held
        if path == "/providers":
            half = len(self.registered) // 2
            page = self.registered[half:] if "page" in request.query else self.registered[:half]
            return [{"namespace": name, "registrationState": "Registered"} for name in page]
        if path.endswith("/skus"):
            return self.sizes
        assert path.endswith("/locations/westus3/usages")
        names = ("cores", "standardDDSv5Family")
        return [{"name": {"value": name}, "limit": 100, "currentValue": 100 - self.free} for name in names]

    def _rest(self, path: str, request: web.Request) -> dict[str, Any]:
        if path != "/providers" or "page" in request.query:
            return {}
        return {"nextLink": str(request.url.update_query(page="2"))}


@asynccontextmanager
async def preflight(azure: Azure, config: Config = CONFIG) -> AsyncGenerator[Preflight]:
    body = base64.urlsafe_b64encode(msgspec.json.encode(azure.claims)).decode().rstrip("=")

    async def token_for(scope: str) -> str:
        return f"head.{body}.signature"

    app = web.Application()
    app.router.add_get("/{path:.*}", azure.answer)
    async with TestServer(app) as server:
        host = str(server.make_url("/")).rstrip("/")
        async with signed_in(token_for, host, pause=0.001) as arm, Directory(token_for, host) as directory:
            yield Preflight(config, SUBSCRIPTION, arm, directory)


async def missing(azure: Azure, **changes: Any) -> list[str]:
    async with preflight(azure, msgspec.structs.replace(CONFIG, **changes)) as asked:
        return await asked.missing()


async def test_nothing_is_missing_where_nothing_is() -> None:
    assert await missing(Azure()) == []
    assert await missing(Azure(group=True)) == []
    assert await missing(Azure(held=[*CONTRIBUTOR, *ADMINISTRATOR], claims=PROGRAM)) == []


async def test_each_role_is_named_where_it_is_missing() -> None:
    (said,) = await missing(Azure(held=[*CONTRIBUTOR]))
    assert "Role Based Access Control Administrator on the subscription" in said
    said, other = await missing(Azure(held=[], group=True))
    assert "Contributor on resource group mine" in said
    assert "Role Based Access Control Administrator" in other


async def test_a_group_that_should_be_there_is_looked_for() -> None:
    (said,) = await missing(Azure(), create_resource_group=False)
    assert "resource group mine is not there" in said


async def test_a_provider_that_is_not_registered_is_named_with_the_command() -> None:
    (said,) = await missing(Azure(registered=[name for name in REGISTERED if name != "Microsoft.App"]))
    assert said.endswith("az provider register --namespace Microsoft.App")


async def test_too_few_cores_are_counted() -> None:
    """Of each pool its least, and one node for an upgrade."""
    assert await missing(Azure(free=2 * 2 + 4 * 2)) == []
    said = await missing(Azure(free=2 * 2 + 4 * 2 - 1))
    assert len(said) == 2
    assert all("11 cores left, 12 are needed" in one for one in said)
    assert await missing(Azure(free=0, cluster=True)) == [], "a cluster that is there counts already"


async def test_a_size_that_is_not_offered_is_named() -> None:
    (said,) = await missing(Azure(sizes=[size("Standard_D2ds_v5", 2)]))
    assert said == "virtual machine size Standard_D4ds_v5 is not offered in westus3"


@pytest.mark.parametrize(
    ("claims", "anybody", "may"),
    [
        ({"scp": "x", "wids": []}, False, False),
        ({"scp": "x", "wids": []}, True, True),
        ({"scp": "x", "wids": ["62e90394-69f5-4237-9190-012177145e10"]}, False, True),
        ({"idtyp": "app", "roles": []}, True, False),
        ({"roles": ["Application.ReadWrite.All"]}, False, True),
    ],
)
async def test_who_may_register_an_application(claims: dict[str, Any], anybody: bool, may: bool) -> None:
    said = await missing(Azure(claims=claims, anybody_registers=anybody))
    assert (said == []) == may
    assert may or "clientId" in said[0]
    assert await missing(Azure(claims=claims), client_id="22222222-2222-2222-2222-222222222222") == []


async def test_giving_a_right_in_graph_needs_one() -> None:
    (said,) = await missing(Azure(), manage_identifier_uris=True)
    assert "AppRoleAssignment.ReadWrite.All" in said
    claims = {"idtyp": "app", "roles": ["Application.ReadWrite.OwnedBy", "AppRoleAssignment.ReadWrite.All"]}
    assert await missing(Azure(claims=claims), manage_identifier_uris=True) == []


async def test_what_may_not_be_looked_up_is_said_so() -> None:
    (said,) = await missing(Azure(closed=("/usages",)))
    assert "quota of cores could not be looked up" in said
