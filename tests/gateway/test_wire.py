"""Reading JSON: strict, and a refusal that names the member."""

import json
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gateway.errors import Invalid
from gateway.records import AdapterSpec, ToolSpec
from gateway.wire import decode, encode

# A loaded machine is no failure.
_CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
_GOOD = {"name": "one", "imageName": "example", "imageVersion": "1"}


def _refusal(body: bytes, kind: type = AdapterSpec) -> Invalid:
    with pytest.raises(Invalid) as refused:
        decode(body, kind)
    return refused.value


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"replicaCount": 33}, "replicaCount"),
        ({"replicaCount": None}, "replicaCount"),
        ({"requiredRoles": ["a", 1]}, "requiredRoles[1]"),
        ({"environmentVariables": {"A": 1}}, "environmentVariables"),
        ({"environmentVariables": {"=": "1"}}, "environmentVariables"),
        ({"resources": {"limits": {"cpu": "x"}}}, "resources.limits.cpu"),
        ({"probe": {}}, "probe.path"),
        ({"name": "A"}, "name"),
    ],
)
def test_wrong_member_is_named_by_its_path(more: dict[str, Any], field: str) -> None:
    refused = _refusal(encode({**_GOOD, **more}))

    assert refused.field == field
    assert refused.detail.startswith(f"{field}: ")


@pytest.mark.parametrize("missing", sorted(_GOOD))
def test_missing_member_is_named(missing: str) -> None:
    assert _refusal(encode({k: v for k, v in _GOOD.items() if k != missing})).field == missing


def test_missing_member_inside_another_is_named_by_its_path() -> None:
    assert _refusal(encode({**_GOOD, "toolDefinition": {}}), ToolSpec).field == "toolDefinition.tool"


def test_names_are_matched_exactly_and_unknown_members_ignored() -> None:
    assert decode(encode({**_GOOD, "ReplicaCount": 7, "zzz": [None]}), AdapterSpec).replica_count == 1


def test_numbers_are_numbers() -> None:
    assert _refusal(encode({**_GOOD, "port": "8000"})).field == "port"
    assert _refusal(encode({**_GOOD, "port": True})).field == "port"


@pytest.mark.parametrize("value", [b"NaN", b"Infinity", b"undefined", b"'x'", b"nope"])
def test_member_whose_value_is_no_json_is_named(value: bytes) -> None:
    refused = _refusal(b'{"name": "one", "replicaCount" : ' + value + b"}")

    assert refused.field == "replicaCount"
    assert refused.detail.startswith("replicaCount: ")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"null", b"[]", b"\xff", b'{"x":"\xff"}', b"[" * 100_000, b'{"x":' + b"[" * 100_000]
)
def test_body_that_is_no_object_is_refused_as_a_whole(body: bytes) -> None:
    assert _refusal(body).field is None


def test_refusal_does_not_send_back_what_was_sent() -> None:
    assert len(_refusal(encode({**_GOOD, "affinity": "x" * 100_000})).detail) < 400


def test_pattern_is_shown_as_others_spell_it() -> None:
    assert "\\Z" not in _refusal(encode({**_GOOD, "name": "A"})).detail


@_CALM
@given(st.binary(max_size=300))
@example(b'{"name":"\\ud800"}')
def test_any_bytes_are_decoded_or_refused(body: bytes) -> None:
    with suppress(Invalid):
        decode(body, AdapterSpec)


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@_CALM
@given(st.dictionaries(st.sampled_from([*AdapterSpec.__struct_encode_fields__, "x"]), _JSON))
def test_whatever_is_taken_is_what_was_sent(members: dict[str, Any]) -> None:
    body = json.dumps({**members, "name": "one"}).encode()
    try:
        spec = decode(body, AdapterSpec)
    except Invalid:
        return
    taken = msgspec.to_builtins(spec)
    sent = {name: value for name, value in members.items() if name in AdapterSpec.__struct_encode_fields__}
    assert taken["name"] == "one"
    assert taken.get("description") == sent.get("description", "")
