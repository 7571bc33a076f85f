"""Fixtures: gates in both lanes, pods."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import AsyncExitStack

import msgspec
import pytest
import uvloop

from gateway.identity import Identify
from gateway.protected_resource import ProtectedResource
from proxy.forward import ControlPlane
from proxy.settings import Settings
from tests.proxy.gate import SECRET, Gate, Open, StartPod, gate
from tests.proxy.pod import Pod, Script, ok, pod


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Every test of the proxy runs in both lanes: nothing but the cost may differ.

    The fast lane runs on uvloop, as it does in earnest, and aiohttp's on asyncio: both loops must do, too.
    """
    return {"fast": uvloop.new_event_loop, "aiohttp": asyncio.new_event_loop}


@pytest.fixture(autouse=True)
def nothing_breaks_in_us(caplog: pytest.LogCaptureFixture) -> Generator[None]:
    """Whatever clients and pods do, no test ends with an error logged; one that wants it clears it."""
    yield
    assert not [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.fixture
async def open_gate() -> AsyncGenerator[Open]:
    """Opens gates with settings of one's own."""
    fast_lane = isinstance(asyncio.get_running_loop(), uvloop.Loop)
    async with AsyncExitStack() as stack:

        async def open(
            settings: Settings = Settings(),  # noqa: B008 (frozen)
            identify: Identify | None = None,
            control_plane: ControlPlane | None = None,
            secret: str = SECRET,
            protected: ProtectedResource | None = None,
            traced: bool = False,
        ) -> Gate:
            settings = msgspec.structs.replace(settings, fast_lane=fast_lane)
            return await stack.enter_async_context(gate(settings, identify, control_plane, secret, protected, traced))

        yield open


@pytest.fixture
async def door(open_gate: Open) -> Gate:
    """A gate with the usual settings."""
    return await open_gate()


@pytest.fixture
async def start_pod() -> AsyncGenerator[StartPod]:
    """Starts pods."""
    async with AsyncExitStack() as stack:

        async def start(script: Script = ok, uid: str = "pod-1") -> Pod:
            return await stack.enter_async_context(pod(script, uid))

        yield start
