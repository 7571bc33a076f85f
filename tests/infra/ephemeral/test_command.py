"""`pulumi` as our child: what it says is passed on, its errors are told apart, and a signal ends it in order."""

import os
import threading
from pathlib import Path

import pytest
from pulumi.automation.errors import CommandError, ConcurrentUpdateError, StackNotFoundError

from infra.ephemeral.command import Command, Interrupted

# Says its version, does what it is asked, and ends in order on the first INT, as the engine does.
_PULUMI = """#!/bin/sh
case "$*" in
  version) echo v3.272.0 ;;
  *patient*) trap 'echo finishing; exit 255' INT; echo begun; while :; do sleep 0.05; done ;;
  *missing*) echo 'error: no stack named "pr-1" found' >&2; exit 255 ;;
  *locked*) echo 'error: the stack is currently locked by 1 lock(s)' >&2; exit 255 ;;
  *broken*) echo 'error: no' >&2; exit 1 ;;
  *) echo "$*"; echo "$PULUMI_AUTOMATION_API $MORE" >&2 ;;
esac
"""


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Ours, with the program above in the place of the engine."""
    program = tmp_path / "pulumi"
    program.write_text(_PULUMI)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return Command()


def test_both_streams_are_passed_on_and_given_back(command: Command, tmp_path: Path) -> None:
    said: list[str] = []
    complained: list[str] = []
    result = command.run(["up", "--yes"], str(tmp_path), {"MORE": "more"}, said.append, complained.append)
    assert said == [result.stdout] == ["--non-interactive up --yes"]
    assert complained == [result.stderr] == ["true more"]


@pytest.mark.parametrize(
    ("word", "kind"), [("missing", StackNotFoundError), ("locked", ConcurrentUpdateError), ("broken", CommandError)]
)
def test_errors_are_told_apart(command: Command, tmp_path: Path, word: str, kind: type[CommandError]) -> None:
    with pytest.raises(kind):
        command.run([word], str(tmp_path), {})


def test_a_signal_ends_it_in_order_and_nothing_is_begun_afterwards(command: Command, tmp_path: Path) -> None:
    said: list[str] = []
    begun = threading.Event()

    def listen(line: str) -> None:
        said.append(line)
        begun.set()

    interrupting = threading.Thread(target=lambda: begun.wait(10) and command.interrupt())
    interrupting.start()
    with pytest.raises(Interrupted):
        command.run(["patient"], str(tmp_path), {}, listen)
    interrupting.join()
    assert said == ["begun", "finishing"]
    with pytest.raises(Interrupted):
        command.run(["up"], str(tmp_path), {})
