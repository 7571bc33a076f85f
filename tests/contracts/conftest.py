"""The implementations of each contract. A new one adds its context manager to the list, and every test runs against it too."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from gateway.records import Record
from gateway.store import Journal, Store
from tests.contracts.catalogs import CATALOGS, CatalogRig
from tests.contracts.deployers import DEPLOYERS, DeployerRig
from tests.contracts.stores import JOURNALS, STORES

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


def _opened(request: pytest.FixtureRequest, folder: Path) -> AbstractAsyncContextManager[Any]:
    return request.param(folder)
