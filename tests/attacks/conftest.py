"""One gateway with tokens for all attacks; one mirror and one recorder behind it."""

from collections.abc import AsyncGenerator, Generator

import pytest
import pytest_asyncio

from tests.attacks.ground import OWNER, Ground, running
from tests.fakes.identity_provider import IdentityProvider
from tests.journeys.caller import TEAM


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Generator[Ground]:
    """A gateway that verifies tokens. Nobody stops its provider, or ends the adapters below."""
    with IdentityProvider() as idp, running(tmp_path_factory.mktemp("attacks"), idp) as started:
        yield started


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def mirror(ground: Ground) -> AsyncGenerator[str]:
    """The name of an adapter that says what arrived; the role TEAM may call it."""
    async with ground.person(OWNER) as owner:
        yield await owner.serving("mirror", requiredRoles=[TEAM])


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def recorder(ground: Ground) -> AsyncGenerator[str]:
    """The name of an MCP server with sessions; the role TEAM may call it."""
    async with ground.person(OWNER) as owner:
        yield await owner.serving("recorder", requiredRoles=[TEAM])
