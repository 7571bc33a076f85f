"""The zip of the run, and the folder that the platform makes of it. Everything below this folder carries the marker `registries`."""

from collections.abc import Generator
from pathlib import Path

import pytest

from infra.function_package import build
from tests.azure.cloud import Cloud
from tests.fakes.identity_provider import IdentityProvider
from tests.functions.mini_host.wwwroot import unzipped


def pytest_itemcollected(item: pytest.Item) -> None:
    """pytest asks here for the items of this folder only."""
    item.add_marker(pytest.mark.registries)


@pytest.fixture(scope="session")
def zipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip."""
    return build(tmp_path_factory.mktemp("zip") / "function-app.zip")


@pytest.fixture(scope="session")
def wwwroot(zipped: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is in it."""
    return unzipped(zipped, tmp_path_factory.mktemp("deployed") / "wwwroot")


@pytest.fixture
def cloud(tmp_path: Path) -> Generator[Cloud]:
    """As much of Azure as the zip needs."""
    with IdentityProvider() as provider, Cloud(provider, tmp_path) as made:
        yield made
