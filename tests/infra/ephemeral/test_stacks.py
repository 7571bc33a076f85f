"""Ephemeral stacks on the real engine, with their state in a folder: each command in a process's place that knows only that.

The programs make nothing but components and files of this machine's own: what the Azure program makes is tried elsewhere.
"""

import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pulumi
import pytest

from infra.ephemeral.command import Command, Interrupted
from infra.ephemeral.stacks import Program, StackError, Stacks
from infra.ephemeral.sweep import sweep
from tests.cluster.program import pulumi as engine

pytestmark = pytest.mark.infra

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)

type Opened = Callable[..., Stacks]


@pytest.fixture
def said() -> list[str]:
    """What people are told."""
    return []


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: list[str]) -> Opened:
    """Stacks of one backend, anew each time: as on another machine."""
    (tmp_path / "state").mkdir()
    monkeypatch.setenv("PATH", f"{engine().built().parent}:{os.environ['PATH']}")
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}/state")
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "a passphrase")
    monkeypatch.setenv("PULUMI_SKIP_UPDATE_CHECK", "1")
    monkeypatch.setenv("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION", "true")

    def another(program: Program = _says_where, command: Command | None = None) -> Stacks:
        return Stacks(program, command or Command(), said.append, root=tmp_path / "nowhere")

    return another


def _says_where() -> None:
    config = pulumi.Config()
    pulumi.ComponentResource("test:index:Thing", "thing")
    pulumi.export("url", f"https://{config.require('host')}")
    pulumi.export("sizes", config.require_object("sizes"))
    pulumi.export("key", pulumi.Output.secret("hidden"))


def _fails() -> None:
    pulumi.ComponentResource("test:index:Thing", "thing")
    raise RuntimeError("no quota in this region")


CONFIG: dict[str, Any] = {"mcp-gateway:host": "a.example", "mcp-gateway:sizes": {"userMin": 2}}


def test_up_gives_its_outputs_but_no_secret_and_another_machine_finds_them(opened: Opened, said: list[str]) -> None:
    with opened() as stacks:
        outputs = stacks.up("pr-1", CONFIG, NOW + HOUR)
    assert outputs == {"url": "https://a.example", "sizes": {"userMin": 2}, "key": "(secret)"}
    with opened() as stacks:
        assert stacks.outputs("pr-1") == {"url": "https://a.example", "sizes": {"userMin": 2}}
        (found,) = stacks.all()
    assert found.name == "pr-1"
    assert found.expires == (NOW + HOUR).replace(second=0, microsecond=0)
    assert found.last_update
    assert not any("hidden" in line for line in said)


def test_up_again_changes_it_and_its_time(opened: Opened) -> None:
    with opened() as stacks:
        stacks.up("pr-1", CONFIG, NOW + HOUR)
    with opened() as stacks:
        outputs = stacks.up("pr-1", {**CONFIG, "mcp-gateway:host": "b.example"}, NOW + 2 * HOUR)
        (found,) = stacks.all()
    assert outputs["url"] == "https://b.example"
    assert found.expires == (NOW + 2 * HOUR).replace(second=0, microsecond=0)


def test_destroy_leaves_nothing_and_once_more_does_no_harm(opened: Opened, said: list[str]) -> None:
    with opened() as stacks:
        stacks.up("pr-1", CONFIG, NOW + HOUR)
    with opened() as stacks:
        stacks.destroy("pr-1")
        assert stacks.all() == []
        stacks.destroy("pr-1")
    assert said[-1] == "pr-1 is not there."


def test_an_up_that_fails_says_why_and_is_swept_when_its_time_is_over(opened: Opened, said: list[str]) -> None:
    with opened(_fails) as stacks, pytest.raises(StackError, match="pr-1 is not up; what was made of it stays until"):
        stacks.up("pr-1", CONFIG, NOW + HOUR)
    assert any("no quota in this region" in line for line in said)
    with opened() as stacks:
        assert sweep(stacks, NOW, HOUR, said.append) == []
        assert [each.name for each in stacks.all()] == ["pr-1"]
        assert sweep(stacks, NOW + 2 * HOUR, HOUR, said.append) == []
        assert stacks.all() == []


def test_a_sweep_goes_on_when_one_stack_resists_and_names_it(opened: Opened, said: list[str], tmp_path: Path) -> None:
    for name in ("pr-1", "pr-2", "pr-3"):
        with opened() as stacks:
            stacks.up(name, CONFIG, NOW)
    locks = tmp_path / "state/.pulumi/locks/organization/mcp-gateway/pr-2"
    locks.mkdir(parents=True, exist_ok=True)
    (locks / "somebody.json").write_text(
        '{"pid": 1, "username": "ci", "hostname": "runner", "timestamp": "2026-01-01T00:00:00Z"}'
    )
    with opened() as stacks:
        assert sweep(stacks, NOW + HOUR, HOUR, said.append) == ["pr-2"]
        assert [each.name for each in stacks.all()] == ["pr-2"]
    with opened() as stacks:  # whoever held the lock has been gone for hours
        assert sweep(stacks, NOW + 3 * HOUR, HOUR, said.append) == []
        assert stacks.all() == []


def test_an_interrupted_up_ends_in_order_and_what_it_made_is_swept(opened: Opened, said: list[str]) -> None:
    begun, over = threading.Event(), threading.Event()

    def waits() -> None:
        pulumi.ComponentResource("test:index:Thing", "thing")
        begun.set()
        over.wait(60)

    command = Command()
    interrupting = threading.Thread(target=lambda: begun.wait(60) and command.interrupt())
    interrupting.start()
    try:
        with opened(waits, command) as stacks, pytest.raises(Interrupted):
            stacks.up("pr-1", CONFIG, NOW)
    finally:
        over.set()
        interrupting.join()
    with opened() as stacks:
        assert sweep(stacks, NOW + HOUR, HOUR, said.append) == []
        assert stacks.all() == []


@pytest.mark.parametrize("name", ["prod", "dev", "pr-", "pr-UPPER", "org/pr-1", "pr-" + "x" * 20, "pr-1;ls", "--all"])
def test_other_stacks_are_not_touched(opened: Opened, name: str) -> None:
    with opened() as stacks:
        with pytest.raises(StackError, match="is not the name of an ephemeral stack"):
            stacks.up(name, CONFIG, NOW)
        with pytest.raises(StackError, match="is not the name of an ephemeral stack"):
            stacks.destroy(name)
        with pytest.raises(StackError, match="is not the name of an ephemeral stack"):
            stacks.outputs(name)
