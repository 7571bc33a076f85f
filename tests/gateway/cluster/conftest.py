"""Fixtures: an API server, and what stands on it."""

from collections.abc import AsyncGenerator

import pytest

from tests.gateway.cluster.api_server import ApiServer, api_server
from tests.gateway.cluster.world import World


@pytest.fixture
async def server() -> AsyncGenerator[ApiServer]:
    """An API server with nothing on it."""
    async with api_server() as running:
        yield running


@pytest.fixture
def world(server: ApiServer) -> World:
    """What stands on it."""
    return World(server)
