"""What a crashed gateway left running: found by pid and start time, ended with its kin; nobody else is touched."""

import os
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from local.home import Home
from local.kin import descendants, epoch, family
from local.orphans import Children
from tests.local.tiny.images import ROOT, tiny
from tests.local.waiting import holds


@pytest.fixture
def started() -> Generator[list["subprocess.Popen[bytes]"]]:
    """Processes to be ended in any case."""
    children: list[subprocess.Popen[bytes]] = []
    yield children
    for child in children:
        for relative in family(child.pid):
            os.kill(relative.pid, signal.SIGKILL)
        child.wait()


def start(started: list["subprocess.Popen[bytes]"], name: str) -> int:
    env = {**os.environ, "PORT": "0"}
    child = subprocess.Popen(
        tiny(name).command,
        cwd=ROOT,
        env=env,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    started.append(child)
    return child.pid


async def test_a_noted_child_is_ended_with_its_kin(home: Home, started: list["subprocess.Popen[bytes]"]) -> None:
    pid = start(started, "detaches")
    await holds(lambda: len(descendants(pid)) == 1)
    kin = family(pid)
    children = Children(home.children)
    children.note(pid)
    assert await children.end_orphans() == 2
    await holds(lambda: not any(_alive(process.pid) for process in kin))
    assert list(home.children.iterdir()) == []


async def test_what_it_left_behind_is_found_when_the_child_itself_has_ended(
    home: Home, started: list["subprocess.Popen[bytes]"]
) -> None:
    pid = start(started, "abandons")
    await holds(lambda: len(descendants(pid)) == 1)
    (grandchild,) = descendants(pid)
    children = Children(home.children)
    children.note(pid)
    os.kill(pid, signal.SIGKILL)
    started[0].wait()
    assert await children.end_orphans() == 1
    await holds(lambda: not _alive(grandchild.pid))


@pytest.mark.parametrize("note", ["1\n{epoch}", "{start}\nanother boot", "garbage", ""])
async def test_a_process_that_only_has_the_pid_is_left_alone(
    home: Home, started: list["subprocess.Popen[bytes]"], note: str
) -> None:
    pid = start(started, "stays")
    (process,) = family(pid)
    (home.children / str(pid)).write_text(note.format(start=process.start, epoch=epoch()))
    assert await Children(home.children).end_orphans() == 0
    assert _alive(pid)
    assert list(home.children.iterdir()) == []


async def test_what_was_forgotten_is_left_alone(home: Home, started: list["subprocess.Popen[bytes]"]) -> None:
    pid = start(started, "stays")
    children = Children(home.children)
    children.note(pid)
    children.forget(pid)
    children.forget(pid)
    assert await children.end_orphans() == 0
    assert _alive(pid)


async def test_strange_files_in_the_folder_are_left_alone(home: Home) -> None:
    (home.children / "README").write_text("hello")
    assert await Children(home.children).end_orphans() == 0
    assert (home.children / "README").exists()


def test_a_child_that_has_ended_needs_no_note(home: Home) -> None:
    child = subprocess.Popen([sys.executable, "-S", "-c", ""])
    child.wait()
    Children(home.children).note(child.pid)
    assert list(home.children.iterdir()) == []


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
