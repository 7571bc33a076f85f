"""What tests of several folders share: the gateway of the run, somebody in front of it, and a PostgreSQL server."""

import os
from collections.abc import AsyncGenerator, Generator

import pytest
import pytest_asyncio

from tests.journeys.caller import TEAM, Caller
from tests.journeys.gateway import Gateway
from tests.journeys.gateway import gateway as running
from tests.postgres import server


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Generator[Gateway]:
    """One gateway for the whole run; it starts with the first test that asks for it."""
    with running(tmp_path_factory.mktemp("gateway") / "home") as started:
        yield started


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def recorder(gateway: Gateway) -> AsyncGenerator[str]:
    """The name of a recorder that nobody changes or kills: one instance, for its owner and the role TEAM."""
    async with Caller(gateway.url) as owner:
        yield await owner.serving("recorder", requiredRoles=[TEAM])


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def trio(gateway: Gateway) -> AsyncGenerator[str]:
    """The same with three instances."""
    async with Caller(gateway.url) as owner:
        yield await owner.serving("recorder", requiredRoles=[TEAM], replicaCount=3)


@pytest.fixture
async def caller(gateway: Gateway) -> AsyncGenerator[Caller]:
    """The caller that a gateway without any identity headers believes in."""
    async with Caller(gateway.url) as person:
        yield person


@pytest.fixture(scope="session")
def postgres() -> Generator[server.Server]:
    """One server for the whole run. Where PostgreSQL is not installed its tests are skipped, but never in CI."""
    with server.running() as started:
        if started is None:
            assert os.environ.get("CI") != "true", "PostgreSQL is not installed"
            pytest.skip("PostgreSQL is not installed")
        yield started
