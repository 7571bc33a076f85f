"""What the tests of the infrastructure share."""

from pathlib import Path

import pytest

from tests.infra.engine_room import EngineRoom


@pytest.fixture
def room(tmp_path: Path) -> EngineRoom:
    """The engine, built where it is missing, and a world in which nothing exists yet."""
    return EngineRoom(tmp_path)
