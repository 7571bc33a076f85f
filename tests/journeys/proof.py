"""Proof: how a caller shows who it is, headers that are believed or a token that is verified. The one place that knows.

JOURNEY_IDENTITY=tokens    every caller has an access token; without it, or with `dev`, dev headers
JOURNEY_TOKENS=<file>      with GATEWAY_URL: what signs them (`minting`); otherwise an identity provider is started for the run
"""

import os
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from tests.fakes.identity_provider import IdentityProvider
from tests.journeys import minting
from tests.journeys.minting import Minter

USER = "dev"  # whom a gateway with dev identity sees in a request that claims nothing
_KINDS = ("dev", "tokens")
_FILE = "JOURNEY_TOKENS"


def by_tokens() -> bool:
    """Whether callers have tokens in this run. Raises AssertionError for a kind that nobody knows."""
    kind = os.environ.get("JOURNEY_IDENTITY", "dev")
    assert kind in _KINDS, f"JOURNEY_IDENTITY={kind}: one of {', '.join(_KINDS)}"
    return kind == "tokens"


def headers(user: str, roles: str) -> dict[str, str]:
    """What a caller sends; `roles` are separated by commas. Dev headers that are empty are left out: the gateway fills them in."""
    if by_tokens():
        return bearer(minter().token(user or USER, [role for role in roles.split(",") if role]))
    return {name: value for name, value in (("X-Dev-UserId", user), ("X-Dev-Roles", roles)) if value}


def bearer(token: str) -> dict[str, str]:
    """A token as it is sent."""
    return {"Authorization": f"Bearer {token}"}


def claimed(user: str, roles: str) -> dict[str, str]:
    """What says who calls, but proves nothing to the gateway of this run."""
    if by_tokens():
        return {"X-Dev-UserId": user, "X-Dev-Name": user, "X-Dev-Roles": roles}
    return bearer("of-the-client")


def minter() -> Minter:
    """What signs the tokens of this run. Raises AssertionError where that is not said."""
    assert _FILE in os.environ, (
        f"{_FILE} is missing: the file with the key that this gateway's identity provider signs with"
    )
    return _read(Path(os.environ[_FILE]))


def environment(public_origin: str) -> dict[str, str]:
    """What a gateway of our own is told, besides its settings, so that it takes this run's callers."""
    return minter().environment(public_origin) if by_tokens() else {}


@contextmanager
def provided(folder: Path) -> Generator[None]:
    """An identity provider while the block runs, where this run needs one; what signs its tokens stands in `folder`."""
    if not by_tokens() or _FILE in os.environ:
        yield
        return
    with IdentityProvider() as provider, pytest.MonkeyPatch.context() as variables:
        file = folder / "tokens.json"
        minting.of(provider).write(file)
        variables.setenv(_FILE, str(file))
        yield


@cache
def _read(file: Path) -> Minter:
    return Minter.read(file)
