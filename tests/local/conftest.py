"""A place for processes: what a supervisor and a deployer need, in a folder of the test's own; nothing of it is left afterwards."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from gateway.view import View
from local.deployer import LocalDeployer
from local.home import Home
from local.ports import Ports
from local.supervisor import Supervisor
from tests.local.machine import Machine
from tests.local.tiny.images import IMAGES


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.prepared(tmp_path / "home")


@pytest.fixture
async def machine(home: Home) -> AsyncGenerator[Machine]:
    view = View(synced=True)
    supervisor = Supervisor(home, view, Ports(), renewal=1.0)
    machine = Machine(home, view, supervisor, LocalDeployer(supervisor, view, IMAGES, home))
    yield machine
    await supervisor.close()
    assert list(home.children.iterdir()) == []
