"""Settings of the control plane: read once, frozen, refused by name."""

import pytest

from functions.settings import Settings
from gateway.env import SettingsError


def test_nothing_is_required() -> None:
    assert Settings.from_env({}) == Settings(workload_identity_roles=(), public_origin="")


def test_values_are_read_from_their_documented_names() -> None:
    variables = {
        "WorkloadIdentitySettings__RequiredRoles__0": "wi.users",
        "WorkloadIdentitySettings__RequiredRoles__1": " wi.more ",
        "PublicOrigin": "https://gateway.example.org/",
    }

    assert Settings.from_env(variables) == Settings(("wi.users", "wi.more"), "https://gateway.example.org")


def test_settings_of_something_else_are_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="Redis__ConnectionString"):
        Settings.from_env({"Redis__ConnectionString": "x"})


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Settings().public_origin = "x"  # pyright: ignore[reportAttributeAccessIssue] - that is the point
