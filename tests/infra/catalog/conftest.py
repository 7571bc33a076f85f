"""The provider in front of the gateway of the run, and names that nobody used before."""

from collections.abc import AsyncGenerator

import pytest

from tests.infra.catalog.plugin import Plugin
from tests.journeys.caller import Caller
from tests.journeys.gateway import Gateway

USER = "catalog"


@pytest.fixture
async def plugin(gateway: Gateway) -> AsyncGenerator[Plugin]:
    """Configured as USER."""
    async with Plugin(endpoint=gateway.url, devUser=USER) as started:
        yield started


@pytest.fixture
async def somebody(gateway: Gateway) -> AsyncGenerator[Caller]:
    """The same person, without Pulumi."""
    async with Caller(gateway.url, USER) as person:
        yield person
