"""The deployer on a cluster that is reached by its address, as from Azure Functions: by TLS, with tokens of an identity."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest
from msgspec import structs

from functions.azure_cluster import cluster_settings
from functions.azure_cluster_token import ClusterToken
from functions.cluster import KubernetesDeployer
from functions.deployer import CardNotChanged
from functions.reconcile import Actions, Reconcile
from gateway.azure.credentials import credential
from gateway.errors import Unavailable
from tests.azure.certificate import issue
from tests.azure.cloud import APPLICATION, Cloud
from tests.contracts.records import adapter
from tests.functions.api_server import ApiServer
from tests.functions.azure_place import cluster_of
from tests.functions.memory import MemoryStore

type Made = Callable[..., KubernetesDeployer]

ONE = adapter()


@pytest.fixture
async def server(cloud: Cloud) -> AsyncGenerator[ApiServer]:
    async with cluster_of(cloud) as server:
        yield server


@pytest.fixture
async def made(cloud: Cloud, server: ApiServer, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Made]:
    """Deployers of the app's identity, which are closed at the end."""
    variables = {
        **cloud.environment("app_service"),
        "AZURE_CLIENT_ID": APPLICATION.client_id,
        "ContainerRegistrySettings__Endpoint": "mgreg.azurecr.io",
        "Kubernetes__ApiServer": server.url,
        "Kubernetes__CertificateAuthority": cloud.ca.read_text(),
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    to_close: list[KubernetesDeployer | ClusterToken] = []

    def make(**others: object) -> KubernetesDeployer:
        settings = structs.replace(cluster_settings(variables), **others)
        token = ClusterToken(lambda: credential(variables))
        deployer = KubernetesDeployer(settings, token)
        to_close.extend((deployer, token))
        return deployer

    yield make
    for one in to_close:
        await one.close()


async def test_record_is_deployed_with_tokens_of_the_apps_identity(cloud: Cloud, server: ApiServer, made: Made) -> None:
    deployer = made()
    await deployer.apply(ONE)
    assert (await deployer.status(ONE)).replica_status == "Healthy"
    assert [owned.name for owned in await deployer.owned()] == ["one"]
    await deployer.remove("adapter", "one", ONE.uid)
    assert await deployer.owned() == []
    assert len(set(server.shown)) == 1
    assert cloud.app_service.asked == 1


async def test_all_who_come_first_share_one_token(cloud: Cloud, server: ApiServer, made: Made) -> None:
    deployer = made()
    assert await asyncio.gather(*(deployer.owned() for _ in range(20))) == [[]] * 20
    assert cloud.app_service.asked == 1
    assert len(server.shown) >= 40
    assert len(set(server.shown)) == 1


async def test_without_an_identity_callers_are_told_to_come_again_and_later_it_works(
    cloud: Cloud, server: ApiServer, made: Made
) -> None:
    cloud.app_service.identity = None
    deployer = made()
    with pytest.raises(CardNotChanged, match="cannot prove itself to the cluster") as told:
        await deployer.apply(ONE)
    assert told.value.status == 503
    with pytest.raises(Unavailable, match="cannot prove itself"):
        await deployer.owned()
    assert server.shown == []


async def test_token_that_the_cluster_does_not_take_is_an_operators_matter(server: ApiServer, made: Made) -> None:
    server.accepts = lambda _: False
    with pytest.raises(Unavailable, match="does not accept the control plane's identity"):
        await made().owned()


async def test_token_is_shown_to_no_other_than_the_clusters_own_authority(
    server: ApiServer, made: Made, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    other = issue(tmp_path / "other")[0].read_text()
    with pytest.raises(Unavailable, match="could not be reached"):
        await made(authority=other).owned()
    assert server.shown == []


async def test_expired_token_is_never_shown(cloud: Cloud, server: ApiServer, made: Made) -> None:
    cloud.entra.life = 20  # seconds: less than is needed
    with pytest.raises(Unavailable, match="cannot prove itself"):
        await made().owned()
    assert server.shown == []


async def test_rounds_of_reconcile_at_once_do_no_harm(server: ApiServer, made: Made) -> None:
    store = MemoryStore()
    await store.add(ONE)
    one, other = Reconcile(store, made()), Reconcile(store, made())
    done = await asyncio.gather(one.once(), other.once(), one.once())
    assert all(actions.failed == 0 for actions in done)
    assert server.objects.tables["services"].keys() == server.objects.tables["statefulsets"].keys() == {"mcp-one"}
    assert await one.once() == Actions()
