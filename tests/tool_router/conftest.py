"""Fixtures: desks on both event loops, people in front of them, tools behind them."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import AsyncExitStack
from typing import Any

import msgspec
import pytest
import uvloop

from gateway.view import View
from tests.proxy.gate import StartPod
from tests.proxy.pod import Pod, Script, ok, pod
from tests.tool_router.desk import SETTINGS, Desk, OpenDesk
from tests.tool_router.desk import desk as running
from tests.tool_router.person import Person


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """On a cluster it runs on uvloop, in tests of others' on either. With asyncio's own goes the lane without a short cut."""
    return {"uvloop": uvloop.new_event_loop, "asyncio": asyncio.new_event_loop}


@pytest.fixture(autouse=True)
def nothing_breaks_in_us(caplog: pytest.LogCaptureFixture) -> Generator[None]:
    """Whatever clients and tools do, no test ends with an error logged; one that wants it clears it."""
    yield
    assert not [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.fixture
async def open_desk() -> AsyncGenerator[OpenDesk]:
    """Opens desks with settings of one's own."""
    async with AsyncExitStack() as stack:

        async def open(
            *, keys: list[bytes] | None = None, view: View | None = None, traced: bool = False, **settings: Any
        ) -> Desk:
            fast = isinstance(asyncio.get_running_loop(), uvloop.Loop)
            wanted = msgspec.structs.replace(SETTINGS, **{"fast_lane": fast, **settings})
            return await stack.enter_async_context(running(wanted, keys, view, traced=traced))

        yield open


@pytest.fixture
async def desk(open_desk: OpenDesk) -> Desk:
    """A desk with the usual settings."""
    return await open_desk()


@pytest.fixture
def alice(desk: Desk) -> Person:
    """Who may call every tool of the usual card, and owns none."""
    return Person(desk)


@pytest.fixture
async def start_pod() -> AsyncGenerator[StartPod]:
    """Starts tools."""
    async with AsyncExitStack() as stack:

        async def start(script: Script = ok, uid: str = "pod-1") -> Pod:
            return await stack.enter_async_context(pod(script, uid))

        yield start
