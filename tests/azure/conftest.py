"""A cloud for each test; a gateway that takes its tokens, for all of them."""

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.azure.cloud import Cloud
from tests.fakes.identity_provider import IdentityProvider
from tests.oauth.place import Place, place


@pytest.fixture
def cloud(tmp_path: Path) -> Generator[Cloud]:
    """Nobody else's."""
    with IdentityProvider() as provider, Cloud(provider, tmp_path) as made:
        yield made


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Generator[Place]:
    """A gateway that verifies tokens; it starts with the first test that asks for it."""
    with place(tmp_path_factory.mktemp("guarded")) as made:
        yield made


@pytest.fixture
def around(guarded: Place, tmp_path: Path) -> Generator[Cloud]:
    """A cloud of the gateway's own tenant."""
    with Cloud(guarded.provider, tmp_path) as made:
        yield made
