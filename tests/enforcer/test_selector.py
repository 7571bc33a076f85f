"""Label selectors."""

import pytest

from tests.cluster.enforcer.selector import Requirement, Selector

LABELS = {"app": "a", "tier": "x"}


def test_empty_selector_selects_everything() -> None:
    assert Selector().selects({})
    assert Selector().selects(LABELS)


def test_all_labels_must_match() -> None:
    assert Selector({"app": "a", "tier": "x"}).selects(LABELS)
    assert not Selector({"app": "a", "tier": "y"}).selects(LABELS)
    assert not Selector({"app": "a", "more": ""}).selects(LABELS)


@pytest.mark.parametrize(
    ("operator", "key", "values", "expected"),
    [
        ("In", "app", ("a", "b"), True),
        ("In", "app", ("b",), False),
        ("In", "none", ("a",), False),
        ("NotIn", "app", ("b",), True),
        ("NotIn", "app", ("a",), False),
        ("NotIn", "none", ("a",), True),
        ("Exists", "tier", (), True),
        ("Exists", "none", (), False),
        ("DoesNotExist", "none", (), True),
        ("DoesNotExist", "app", (), False),
    ],
)
def test_expression(operator: str, key: str, values: tuple[str, ...], expected: bool) -> None:
    assert Selector({}, (Requirement(key, operator, values),)).selects(LABELS) is expected


def test_labels_and_expressions_must_both_match() -> None:
    present = Requirement("tier", "Exists")
    assert Selector({"app": "a"}, (present,)).selects(LABELS)
    assert not Selector({"app": "b"}, (present,)).selects(LABELS)


def test_unknown_operator_is_refused() -> None:
    with pytest.raises(ValueError, match="Gt"):
        Requirement("app", "Gt", ("1",)).met(LABELS)
