"""Settings of the control plane: read once, frozen, refused by name."""

import pytest

from functions.settings import Settings
from gateway.env import SettingsError


def test_nothing_is_required() -> None:
    assert Settings.from_env({}) == Settings(
        workload_identity_roles=(), public_origin="", creator_roles=(), quota_records=0, quota_replicas=0
    )


def test_values_are_read_from_their_documented_names() -> None:
    variables = {
        "WorkloadIdentitySettings__RequiredRoles__0": "wi.users",
        "WorkloadIdentitySettings__RequiredRoles__1": " wi.more ",
        "PublicOrigin": "https://gateway.example.org/",
        "Authorization__CreatorRoles__0": " makers ",
        "Authorization__CreatorRoles__1": "ops",
        "Quotas__Records": "10",
        "Quotas__Replicas": "40",
        "AzureAd__ClientId": "1111AAAA",
    }

    assert Settings.from_env(variables) == Settings(
        ("wi.users", "wi.more"), "https://gateway.example.org", ("makers", "ops"), 10, 40, "1111aaaa"
    )


@pytest.mark.parametrize("name", ["Quotas__Records", "Quotas__Replicas"])
@pytest.mark.parametrize("value", ["-1", "many", "1.5", "1000001", "٣"])
def test_quota_that_is_no_number_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.from_env({name: value})


@pytest.mark.parametrize(
    "variables",
    [
        {"": "makers"},
        {"__1": "makers"},
        {"__0": ""},
        {"__0": " ", "__1": "makers"},
        {"__0": "makers", "__2": "ops"},
        {"__0": "makers", "__1": ""},
        {"__00": "makers"},
        {"__first": "makers"},
    ],
)
def test_list_of_creator_roles_that_is_not_read_to_its_end_is_refused_by_name(variables: dict[str, str]) -> None:
    """Read as far as it goes, it would let in whom nobody meant."""
    with pytest.raises(SettingsError, match=r"^Authorization__CreatorRoles"):
        Settings.from_env({f"Authorization__CreatorRoles{name}": role for name, role in variables.items()})


def test_settings_of_something_else_are_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="Redis__ConnectionString"):
        Settings.from_env({"Redis__ConnectionString": "x"})


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Settings().public_origin = "x"  # pyright: ignore[reportAttributeAccessIssue] - that is the point
