"""What the tests of the infrastructure share."""

from pathlib import Path

import pytest

from tests.infra.engine_room import EngineRoom

# Where a program fails with something still under way, Pulumi's SDK leaves the event loop it made for it unclosed
# (`pulumi.automation._server`: what it awaits before `close` may raise), and with it the pair of sockets that wakes it up.
_LEFT_OPEN = tuple(
    rf"ignore:Exception ignored in. {what}:pytest.PytestUnraisableExceptionWarning"
    for what in (r"<function BaseEventLoop\.__del__", r"<socket\.socket fd=\d+, family=1")
)


def pytest_itemcollected(item: pytest.Item) -> None:
    """pytest asks here for the items of this folder only."""
    if item.get_closest_marker("infra"):
        item.add_marker(pytest.mark.filterwarnings(*_LEFT_OPEN))


@pytest.fixture
def room(tmp_path: Path) -> EngineRoom:
    """The engine, built where it is missing, and a world in which nothing exists yet."""
    return EngineRoom(tmp_path)
