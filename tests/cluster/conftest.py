"""What the tests of the cluster share. Everything below this folder carries the marker `cluster`."""

from collections.abc import AsyncGenerator, Generator

import pytest

from tests.cluster.access import Cluster, accessed
from tests.cluster.platform import Platform, deployed
from tests.journeys.caller import Caller, fresh


def pytest_itemcollected(item: pytest.Item) -> None:
    """pytest asks here for the items of this folder only."""
    item.add_marker(pytest.mark.cluster)


@pytest.fixture(scope="session")
def cluster() -> Generator[Cluster]:
    """The cluster of the run: KUBECONFIG and REGISTRY, or our own."""
    with accessed() as reached:
        yield reached


@pytest.fixture(scope="session")
def platform(cluster: Cluster) -> Generator[Platform]:
    """The whole gateway, deployed for the run."""
    with deployed(cluster) as made:
        yield made


@pytest.fixture
async def owner(platform: Platform) -> AsyncGenerator[Caller]:
    """Somebody who registers servers and tools; they are removed after the test."""
    async with Caller(platform.url, fresh("owner")) as person:
        yield person
