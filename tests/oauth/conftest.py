"""One place for all tests of signing in; a sign-in server of its own for each."""

from collections.abc import Generator

import pytest

from tests.fakes.authorization_server import AuthorizationServer
from tests.oauth.place import ADAPTER, ROLE, Place, place

ENDPOINTS = ("/mcp", f"/adapters/{ADAPTER}/mcp")


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Generator[Place]:
    """A gateway that verifies tokens; it starts with the first test that asks for it."""
    with place(tmp_path_factory.mktemp("guarded")) as made:
        yield made


@pytest.fixture
def entra(guarded: Place) -> AuthorizationServer:
    """Where people sign in, as strict as Entra, told of the URL of every endpoint."""
    server = AuthorizationServer(guarded.provider, {guarded.endpoint(path) for path in ENDPOINTS})
    server.roles = (ROLE,)
    return server
