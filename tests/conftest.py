"""What tests of several folders share: the gateway of the run, and somebody in front of it."""

from collections.abc import AsyncGenerator, Generator

import pytest
import pytest_asyncio

from tests.journeys.caller import TEAM, Caller
from tests.journeys.gateway import Gateway
from tests.journeys.gateway import gateway as running


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
