"""What several tests of this folder share."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.functions.on_cluster import OnCluster, on_cluster


@pytest.fixture
async def running(tmp_path: Path) -> AsyncGenerator[OnCluster]:
    """A control plane over a fake API server, with nothing registered."""
    async with on_cluster(tmp_path) as running:
        yield running
