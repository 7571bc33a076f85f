"""What is different, path by path, and what of it makes another thing."""

import pytest

from infra.catalog.plugin.difference import difference
from infra.catalog.plugin.values import UNKNOWN, Secret, Values

_FIXED = ("name", "useWorkloadIdentity")


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ({"a": 1}, {"a": 1}, {}),
        ({"a": 1}, {"a": True}, {"a": "update"}),
        ({"a": 1}, {"b": 1}, {"a": "delete", "b": "add"}),
        ({"a": Secret("x")}, {"a": "x"}, {}),
        ({"a": "x"}, {"a": UNKNOWN}, {"a": "update"}),
        ({"a": UNKNOWN}, {"a": UNKNOWN}, {}),
        ({"a": [1, 2]}, {"a": [1, 3, 4]}, {"a[1]": "update", "a[2]": "add"}),
        ({"a": [1, 2]}, {"a": [1]}, {"a[1]": "delete"}),
        (
            {"env": {"A": Secret("1"), "b.c": "2"}},
            {"env": {"A": Secret("2"), "D": "3"}},
            {"env.A": "update", 'env["b.c"]': "delete", "env.D": "add"},
        ),
    ],
)
def test_each_path_is_told(old: Values, new: Values, changes: dict[str, str]) -> None:
    assert difference(old, new, _FIXED, ()).changes == changes


def test_a_fixed_member_makes_another_thing() -> None:
    found = difference({"name": "a", "x": 1}, {"name": "b", "x": 2}, _FIXED, ())
    assert (found.replaced, found.alone, found.members) == (("name",), False, ["name", "x"])


@pytest.mark.parametrize("name", ["a", UNKNOWN])
def test_the_old_one_goes_first_where_both_may_have_one_name(name: str) -> None:
    old: Values = {"name": "a", "useWorkloadIdentity": False}
    assert difference(old, {"name": name, "useWorkloadIdentity": True}, _FIXED, ()).alone


def test_ignored_paths_do_not_count() -> None:
    old: Values = {"a": {"b": 1, "bc": 1}, "c": [1]}
    new: Values = {"a": {"b": 2, "bc": 2}, "c": [2]}
    assert difference(old, new, _FIXED, ("a.b", "c")).changes == {"a.bc": "update"}
