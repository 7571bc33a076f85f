"""An identity provider that nobody stops or changes, one of a test's own, and a desk in front of the first."""

from collections.abc import Generator

import pytest

from tests.fakes.identity_provider import IdentityProvider
from tests.gateway.oidc.desk import Desk


@pytest.fixture(scope="session")
def idp() -> Generator[IdentityProvider]:
    """As it is from the beginning to the end."""
    with IdentityProvider() as provider:
        yield provider


@pytest.fixture
def changing() -> Generator[IdentityProvider]:
    """May be rotated and stopped."""
    with IdentityProvider() as provider:
        yield provider


@pytest.fixture
def desk(idp: IdentityProvider) -> Desk:
    """Knows no keys yet, and nobody."""
    return Desk(idp)
