"""Fixtures of the journeys to `/mcp`: tools that nobody changes, and the two eras."""

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from tests.journeys.caller import TEAM, Caller, fresh
from tests.journeys.client import Client
from tests.journeys.gateway import Gateway


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def tool(gateway: Gateway) -> AsyncGenerator[str]:
    """The name of a tool that answers as its arguments say: one instance, for its owner and the role TEAM."""
    async with Caller(gateway.url) as owner:
        yield await owner.publish(requiredRoles=[TEAM])


@pytest.fixture(params=["modern", "legacy"])
async def mcp(request: pytest.FixtureRequest, caller: Caller) -> Client:
    """The caller's client of `/mcp`, in each era."""
    return await Client(caller, modern=request.param == "modern").begin()


@pytest.fixture
async def ada(gateway: Gateway) -> AsyncGenerator[Caller]:
    """Somebody new, whose one role nobody else has: what she sees is what a test shows her."""
    name = fresh("ada")
    async with Caller(gateway.url, name, f"role-{name}") as person:
        yield person


@pytest.fixture
async def bob(gateway: Gateway) -> AsyncGenerator[Caller]:
    """Somebody else of that kind."""
    name = fresh("bob")
    async with Caller(gateway.url, name, f"role-{name}") as person:
        yield person
