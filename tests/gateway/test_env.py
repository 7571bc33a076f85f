"""Settings are read once, typed, and refused by name."""

import pytest

from gateway.env import Env, SettingsError


def test_a_missing_variable_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="PublicOrigin is required"):
        Env({}).text("PublicOrigin")


def test_a_blank_variable_counts_as_missing() -> None:
    with pytest.raises(SettingsError, match="PublicOrigin"):
        Env({"PublicOrigin": "  "}).text("PublicOrigin")


def test_the_default_stands_in_for_a_missing_variable() -> None:
    assert Env({}).text("PublicOrigin", "http://localhost") == "http://localhost"


@pytest.mark.parametrize("value", ["-1", "1.5", "ten", "99", "٣"])
def test_an_integer_out_of_shape_or_bounds_is_refused_by_name(value: str) -> None:
    with pytest.raises(SettingsError, match="Proxy__HoldSeconds"):
        Env({"Proxy__HoldSeconds": value}).integer("Proxy__HoldSeconds", 30, most=60)


def test_a_boolean_is_true_or_false_in_any_case() -> None:
    assert Env({"A": "True"}).boolean("A")
    assert not Env({}).boolean("A")
    with pytest.raises(SettingsError, match="A:"):
        Env({"A": "yes"}).boolean("A")


def test_a_list_ends_at_the_first_missing_index() -> None:
    assert Env({"R__0": "a", "R__1": "b", "R__3": "d"}).list("R") == ["a", "b"]


def test_settings_of_parts_that_do_not_exist_are_refused_at_start() -> None:
    with pytest.raises(SettingsError, match="Redis__ConnectionString"):
        Env({"Redis__ConnectionString": "localhost:6379"})


def test_believed_callers_and_cosmos_are_refused_together_wherever_settings_are_read() -> None:
    both = {"Authentication__BypassEntra": "True", "CosmosSettings__AccountEndpoint": "https://x.documents.azure.com"}
    with pytest.raises(SettingsError, match="Authentication__BypassEntra"):
        Env(both)
    Env({**both, "Authentication__BypassEntra": "false"})
    Env({**both, "CosmosSettings__AccountEndpoint": " "})
