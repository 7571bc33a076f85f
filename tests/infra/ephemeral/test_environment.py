"""The project's own program as an ephemeral stack: by the real engine, with stand-ins in Azure's place, and nothing left of it."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from infra.ephemeral.arguments import configuration
from infra.ephemeral.command import Command
from infra.ephemeral.stacks import ROOT, StackError, Stacks
from infra.ephemeral.sweep import sweep
from infra.program import main
from tests.infra.beside import Beside
from tests.infra.engine_room import EngineRoom

pytestmark = pytest.mark.infra

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
CLIENT = "22222222-2222-2222-2222-222222222222"
GROUP = "azure-native:resources:ResourceGroup"


@pytest.fixture
def _inside(room: EngineRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = room._environment()  # pyright: ignore[reportPrivateUsage] (ours are other commands for the same room)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("_inside")
def test_a_pull_request_gets_an_environment_of_its_own_that_is_swept(room: EngineRoom) -> None:
    config = configuration("pr-7", ROOT / "Pulumi.dev.yaml", [f"clientId={CLIENT}"])
    with _stacks(Beside(room.state)) as stacks:
        outputs = stacks.up("pr-7", config, NOW + HOUR)
    assert outputs["clientId"] == CLIENT
    assert outputs["url"].startswith("https://mgpr7.")
    (group,) = [each for each in room.state.all() if each.type == GROUP]
    assert group.inputs["resourceGroupName"] == "mcpgateway-pr-7"
    assert group.inputs["tags"] == {"mcp-gateway-stack": "pr-7", "mcp-gateway-expires": "2026-11-30T13:00Z"}
    with _stacks(Beside(room.state)) as stacks:
        assert sweep(stacks, NOW + 2 * HOUR, HOUR, print) == []
    assert room.state.all() == []


@pytest.mark.usefixtures("_inside")
def test_an_up_that_failed_halfway_is_destroyed_all_the_same(room: EngineRoom) -> None:
    config = configuration("pr-8", ROOT / "Pulumi.dev.yaml", [f"clientId={CLIENT}"])
    with _stacks(_Unlucky(room.state)) as stacks, pytest.raises(StackError, match="pr-8 is not up"):
        stacks.up("pr-8", config, NOW + HOUR)
    assert room.state.all() != []
    with _stacks(Beside(room.state)) as stacks:
        stacks.destroy("pr-8")
    assert room.state.all() == []


def _stacks(beside: Beside) -> Stacks:
    return Stacks(partial(main, beside), Command(), print)


class _Unlucky(Beside):
    """What was published does not answer."""

    async def publish(self, host: str, code: bytes) -> None:
        raise RuntimeError(f"{host} does not run it")
