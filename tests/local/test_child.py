"""One run of a command: its output, its end, and that nothing it started outlives its stop."""

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from local.bell import Bell
from local.child import Child
from local.home import Home
from local.kin import descendants, family
from local.listening import dial
from local.logfile import LogFile
from local.orphans import Children
from local.ports import Ports
from tests.local.tiny.images import tiny
from tests.local.waiting import holds

TERM_WOULD_COME = 2.0  # seconds


class Runner:
    """Starts tiny servers with a log of their own."""

    def __init__(self, home: Home) -> None:
        self.notes = Children(home.children)
        self.log = LogFile(home.logs / "adapter-x-0.log")
        self.bell = Bell()
        self._ports = Ports()

    async def start(self, name: str, *, listens: bool = True) -> Child:
        image = tiny(name)
        with self._ports.lease() as port:
            env = {"PATH": os.environ["PATH"], "PORT": str(port)}
            child = Child.start(image.command, env, image.cwd, run=self.log.begin(), notes=self.notes, bell=self.bell)
            await holds(lambda: not listens or child.ended or dial(child.pid, port) is not None)
        return child

    def output(self) -> str:
        assert self.log.current
        return self.log.current.page(0)[0].decode()


@pytest.fixture
def runner(home: Home) -> Runner:
    return Runner(home)


async def timed_stop(child: Child) -> float:
    began = time.monotonic()
    async with asyncio.timeout(10):
        await child.stop()
    return time.monotonic() - began


async def test_a_child_leads_a_session_of_its_own_and_reads_nothing(runner: Runner) -> None:
    child = await runner.start("listens")
    assert os.getsid(child.pid) == os.getpgid(child.pid) == child.pid
    assert Path(f"/proc/{child.pid}/fd/0").readlink() == Path("/dev/null")
    await child.stop()


async def test_a_child_holds_no_file_of_the_gateway(runner: Runner) -> None:
    child = await runner.start("listens")
    targets = {str(fd.readlink()) for fd in Path(f"/proc/{child.pid}/fd").iterdir()}
    assert all(target == "/dev/null" or target.startswith(("pipe:", "socket:")) for target in targets)
    await child.stop()


async def test_int_is_enough_for_most_and_then_it_is_quick(runner: Runner) -> None:
    child = await runner.start("listens")
    assert await timed_stop(child) < TERM_WOULD_COME
    assert child.code in (-signal.SIGINT, 1)
    assert family(child.pid) == []


async def test_one_that_listens_to_nobody_is_killed_within_five_seconds(runner: Runner) -> None:
    child = await runner.start("stubborn")
    assert 3.5 < await timed_stop(child) < 5
    assert child.code == -signal.SIGKILL


async def test_a_stop_under_way_can_be_hastened(runner: Runner) -> None:
    child = await runner.start("stubborn")
    stopping = asyncio.create_task(timed_stop(child))
    await asyncio.sleep(0)
    child.kill()
    assert await stopping < TERM_WOULD_COME


async def test_grandchildren_end_with_the_child(runner: Runner) -> None:
    child = await runner.start("wraps")
    (grandchild,) = descendants(child.pid)
    assert await timed_stop(child) < TERM_WOULD_COME
    assert not Path(f"/proc/{grandchild.pid}").exists()


@pytest.mark.parametrize("name", ["abandons", "detaches"])
async def test_grandchildren_that_stay_behind_are_killed_in_whatever_session(runner: Runner, name: str) -> None:
    child = await runner.start(name)
    (grandchild,) = descendants(child.pid)
    assert await timed_stop(child) < 5
    await holds(lambda: not Path(f"/proc/{grandchild.pid}").exists())


async def test_when_a_child_dies_the_rest_of_its_group_is_killed_at_once(runner: Runner) -> None:
    child = await runner.start("abandons")
    (grandchild,) = descendants(child.pid)
    os.kill(child.pid, signal.SIGKILL)
    await holds(lambda: child.ended)
    assert await timed_stop(child) < TERM_WOULD_COME
    await holds(lambda: not Path(f"/proc/{grandchild.pid}").exists())


async def test_its_end_is_known_within_moments(runner: Runner) -> None:
    child = await runner.start("listens")
    began = time.monotonic()
    os.kill(child.pid, signal.SIGKILL)
    await runner.bell.until(lambda: child.ended, 5)
    assert time.monotonic() - began < 1
    assert child.code == -signal.SIGKILL
    await child.stop()


async def test_its_last_words_are_in_the_log_when_its_end_is_known(runner: Runner) -> None:
    child = await runner.start("crashes", listens=False)
    await runner.bell.until(lambda: child.ended, 5)
    assert (child.code, runner.output()) == (3, "no such flavour\n")
    await child.stop()


async def test_it_is_written_down_while_it_runs(runner: Runner, home: Home) -> None:
    child = await runner.start("listens")
    assert [note.name for note in home.children.iterdir()] == [str(child.pid)]
    await child.stop()
    assert list(home.children.iterdir()) == []


@pytest.mark.parametrize(("command", "cwd"), [(["/no/such/program"], "/"), (["/etc/passwd"], "/"), (["true"], "/no")])
async def test_what_cannot_be_started_leaves_nothing(runner: Runner, home: Home, command: list[str], cwd: str) -> None:
    before = len(os.listdir("/proc/self/fd"))
    run = runner.log.begin()
    with pytest.raises(OSError, match=r"No such file|Permission denied"):
        Child.start(command, {"PATH": os.environ["PATH"]}, cwd, run=run, notes=runner.notes, bell=runner.bell)
    run.close()
    assert len(os.listdir("/proc/self/fd")) == before
    assert list(home.children.iterdir()) == []


async def test_stops_leave_no_descriptor_open(runner: Runner) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        await (await runner.start("listens")).stop()
    assert len(os.listdir("/proc/self/fd")) == before
