"""The implementations of each contract. A new one adds its context manager to the list, and every test runs against it too."""

from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from gateway.records import Record
from gateway.store import Journal, Store
from tests.azure.cloud import Cloud
from tests.cluster import images
from tests.cluster.access import Cluster, accessed
from tests.contracts.catalogs import CATALOGS, CatalogRig
from tests.contracts.deployers import DEPLOYERS, ON_CLUSTER, DeployerRig
from tests.contracts.stores import JOURNALS, ON_COSMOS, ON_POSTGRES, STORES
from tests.fakes.identity_provider import IdentityProvider

type Opened[T] = Callable[[Path], AbstractAsyncContextManager[T]]


@pytest.fixture(params=STORES, ids=lambda opened: opened.__name__)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Store[Record]]:
    async with _opened(request, tmp_path) as store:
        yield store


@pytest.fixture(params=JOURNALS, ids=lambda opened: opened.__name__)
async def journal(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Journal]:
    async with _opened(request, tmp_path) as journal:
        yield journal


@pytest.fixture(params=DEPLOYERS, ids=lambda opened: opened.__name__)
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[DeployerRig]:
    async with _opened(request, tmp_path) as rig:
        yield rig


@pytest.fixture(params=CATALOGS, ids=lambda opened: opened.__name__)
async def shown(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[CatalogRig]:
    async with _opened(request, tmp_path) as shown:
        yield shown


@pytest.fixture(scope="session")
def cluster() -> Generator[Cluster]:
    """The cluster of the run, with the images that the contract deploys."""
    with accessed() as reached:
        images.images(reached.registry, ["listens:1", "idles:1"])
        yield reached


@pytest.fixture(scope="session")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Generator[Cloud]:
    """One cloud for all, in which each test has a database of its own."""
    with IdentityProvider() as provider, Cloud(provider, tmp_path_factory.mktemp("azure")) as cloud:
        yield cloud


def _opened(request: pytest.FixtureRequest, folder: Path) -> AbstractAsyncContextManager[Any]:
    if request.param in ON_POSTGRES:
        return request.param(request.getfixturevalue("postgres"))
    if request.param in ON_COSMOS:
        return request.param(request.getfixturevalue("azure"))
    if request.param in ON_CLUSTER:
        return request.param(request.getfixturevalue("cluster"))
    return request.param(folder)
