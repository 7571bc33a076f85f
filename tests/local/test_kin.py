"""Which processes belong together, and which are still the same."""

import os
import subprocess
import sys
from collections.abc import Generator

import pytest

from local import kin
from local.kin import descendants, family, start_of, still
from tests.local.tiny.images import ROOT
from tests.local.waiting import holds


@pytest.fixture
def shell() -> Generator[int]:
    """A session of three: a shell, its child, and a grandchild in a session of its own."""
    detach = f'{sys.executable} -c \'import os; os.setsid(); os.execvp("sleep", ["sleep", "60"])\''
    script = f"sleep 60 & (sleep 60; true) & {detach} & wait"
    process = subprocess.Popen(["sh", "-c", script], cwd=ROOT, start_new_session=True)
    yield process.pid
    for relative in family(process.pid):
        os.kill(relative.pid, 9)
    process.wait()


async def test_family_is_the_session_and_all_that_descends_from_it(shell: int) -> None:
    # The shell, two sleeps, the subshell, and the one with a session of its own.
    await holds(lambda: sum(p.session != shell for p in family(shell)) == 1 and len(family(shell)) == 5)
    assert {p.pid for p in descendants(shell)} == {p.pid for p in family(shell)} - {shell}


async def test_a_process_is_told_from_others_by_its_start(shell: int) -> None:
    (me,) = [p for p in family(shell) if p.pid == shell]
    assert start_of(shell) == me.start
    assert still(me)


def test_a_zombie_is_not_alive_and_nobody_has_no_start() -> None:
    child = subprocess.Popen(["sleep", "60"])
    (me,) = family(child.pid)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not still(me)
    assert family(child.pid) == []
    child.wait()
    assert start_of(child.pid) is None
    assert not still(me)


def test_without_proc_a_start_is_what_ps_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kin, "HAS_PROC", False)
    assert start_of(os.getpid()) == start_of(os.getpid()) != None  # noqa: E711 - three at once
    assert start_of(2**22 - 1) is None
    assert family(os.getpid()) == descendants(os.getpid()) == []
