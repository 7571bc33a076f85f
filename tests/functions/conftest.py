"""What several tests of this folder share."""

from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest

from tests.azure.cloud import Cloud
from tests.fakes.identity_provider import IdentityProvider
from tests.functions.on_cluster import OnCluster, on_cluster


@pytest.fixture
async def running(tmp_path: Path) -> AsyncGenerator[OnCluster]:
    """A control plane over a fake API server, with nothing registered."""
    async with on_cluster(tmp_path) as running:
        yield running


@pytest.fixture
def cloud(tmp_path: Path) -> Generator[Cloud]:
    """As much of Azure as gives out tokens."""
    with IdentityProvider() as provider, Cloud(provider, tmp_path) as made:
        yield made
