"""Values on the wire: nothing is lost, secrets are told as such, and what is not known yet is recognised."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pulumi.output import Unknown
from pulumi.runtime import rpc

from infra.catalog.plugin import values
from infra.catalog.plugin.values import UNKNOWN, Secret, Value, completed, has_unknown, known, plain

_LEAVES = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text() | st.just(UNKNOWN)
_PLAIN = st.recursive(_LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5)


@settings(max_examples=20, deadline=None)
@given(st.dictionaries(st.text(), _PLAIN | _PLAIN.map(Secret)))
def test_what_is_written_reads_back(members: dict[str, Value]) -> None:
    assert values.read(values.write(members)) == members


def test_the_sdk_means_the_same_by_its_signatures() -> None:
    wire = values.write({"secret": Secret("s"), "unknown": UNKNOWN})
    understood = rpc.deserialize_properties(wire, keep_unknowns=True)
    assert rpc.is_rpc_secret(understood["secret"])
    assert isinstance(understood["unknown"], Unknown)


def test_a_secret_does_not_print_itself() -> None:
    assert "s3cret" not in repr({"a": [Secret("s3cret")]})


def test_known_leaves_out_what_is_not() -> None:
    assert known({"a": 1, "b": UNKNOWN, "c": {"d": UNKNOWN}, "e": [UNKNOWN, 1], "f": Secret("s")}) == {
        "a": 1,
        "c": {},
        "f": "s",
    }


@pytest.mark.parametrize(
    ("value", "model", "expected"),
    [
        ("a", Secret("b"), Secret("a")),
        ({"a": "1", "b": "2"}, {"a": Secret("0")}, {"a": Secret("1"), "b": "2"}),
        ({"a": 1}, {"b": UNKNOWN, "c": 3}, {"a": 1, "b": UNKNOWN}),
        (["1", "2"], ["0", Secret("0")], ["1", Secret("2")]),
        ({"a": Secret("1")}, Secret({}), Secret({"a": "1"})),
    ],
)
def test_completed_keeps_what_is_secret_and_what_is_unknown(value: Value, model: Value, expected: Value) -> None:
    assert completed(value, model) == expected


def test_plain_has_no_secret_and_unknown_is_found_in_one() -> None:
    assert plain({"a": [Secret({"b": 1})]}) == {"a": [{"b": 1}]}
    assert has_unknown({"a": [Secret(UNKNOWN)]})
    assert not has_unknown({"a": [Secret("")]})
