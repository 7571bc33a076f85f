"""The end of a child is told at once, and leaves it unreaped, either way of watching."""

import asyncio
import os
import subprocess
import time

import pytest

from local.exits import on_exit


@pytest.mark.parametrize("pidfd", [True, False])
async def test_an_exit_is_told_within_moments_and_the_child_still_holds_its_pid(pidfd: bool) -> None:
    child = subprocess.Popen(["sleep", "60"])
    told: asyncio.Future[float] = asyncio.get_running_loop().create_future()
    on_exit(child.pid, lambda: told.set_result(time.monotonic()), pidfd=pidfd)
    await asyncio.sleep(0)
    killed = time.monotonic()
    child.kill()
    async with asyncio.timeout(10):
        assert await told - killed < 1
    ended = os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert ended
    assert ended.si_status == 9
    child.wait()


@pytest.mark.parametrize("pidfd", [True, False])
async def test_a_child_that_ended_before_anyone_watched_is_told_too(pidfd: bool) -> None:
    child = subprocess.Popen(["true"])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    told = asyncio.Event()
    on_exit(child.pid, told.set, pidfd=pidfd)
    async with asyncio.timeout(10):
        await told.wait()
    child.wait()
