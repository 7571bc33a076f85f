"""Records: their names, their defaults, what they say of themselves."""

import re

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from gateway.errors import Invalid
from gateway.records import (
    MASK,
    NAME_PATTERN,
    RESERVED,
    Adapter,
    AdapterSpec,
    EnvReference,
    Record,
    Reference,
    Tool,
    ToolSpec,
    check,
    image_of,
    kind_of,
    masked,
    port_of,
)

# A loaded machine is no failure.
_CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")  # RFC 1123 §2.1, as Kubernetes has it
_SPEC = {"name": "one", "imageName": "example", "imageVersion": "1"}
_DECIDED = {
    "id": "one",
    "createdBy": "ada",
    "createdAt": "2026-01-01T00:00:00Z",
    "lastUpdatedAt": "2026-01-01T00:00:00+00:00",
    "uid": "u",
    "generation": 1,
}


def _spec(**members: object) -> AdapterSpec:
    return msgspec.convert({**_SPEC, **members}, AdapterSpec)


def _record(**members: object) -> Record:
    return msgspec.json.decode(msgspec.json.encode({**_SPEC, **_DECIDED, **members}), type=Record)


def _is_name(text: str) -> bool:
    try:
        _spec(name=text)
    except msgspec.ValidationError:
        return False
    return True


@_CALM
@given(st.text(alphabet="abz059-", min_size=1, max_size=45))
def test_name_is_a_dns_label_of_at_most_40_that_starts_with_a_letter(text: str) -> None:
    assert _is_name(text) == (bool(_LABEL.fullmatch(text)) and len(text) <= 40 and text[0].isalpha())


@_CALM
@given(st.text(max_size=45))
def test_name_is_never_anything_else(text: str) -> None:
    if _is_name(text):
        assert _LABEL.fullmatch(text)
        assert text.isascii()


@_CALM
@given(st.from_regex(NAME_PATTERN.replace(r"\Z", "")))
def test_name_with_anything_after_it_is_none(text: str) -> None:
    assert _is_name(text) == bool(re.fullmatch(NAME_PATTERN.replace(r"\Z", ""), text))
    assert not _is_name(f"{text}\n")


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_reserved_name_is_refused(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        check(_spec(name=name))

    assert refused.value.field == "name"


def test_mask_that_is_sent_back_is_refused_by_the_name_of_its_variable() -> None:
    with pytest.raises(Invalid) as refused:
        check(_spec(environmentVariables={"A": "1", "B": MASK}))

    assert refused.value.field == "environmentVariables.B"


def test_defaults_are_the_documented_ones() -> None:
    spec = _spec()

    assert (spec.replica_count, spec.description, spec.affinity, spec.port) == (1, "", "principal", 8000)
    assert (spec.use_workload_identity, spec.read_only_root_filesystem) == (False, True)
    assert (spec.environment_variables, spec.required_roles, spec.command, spec.args) == ({}, [], [], [])
    assert spec.resources is spec.probe is spec.acl is UNSET
    tool = msgspec.convert({**_SPEC, "toolDefinition": {"tool": msgspec.Raw(b"{}")}}, ToolSpec)
    assert (tool.timeout_seconds, tool.tool_definition.port, tool.tool_definition.path) == (100, 8000, "/score")


def test_stored_record_knows_its_kind_and_comes_back_as_it_was() -> None:
    adapter = _record(kind="adapter", port=9000)
    tool = _record(kind="tool", toolDefinition={"tool": {"x": 1}, "port": 9001})

    assert (type(adapter), kind_of(adapter), port_of(adapter)) == (Adapter, "adapter", 9000)
    assert (type(tool), kind_of(tool), port_of(tool)) == (Tool, "tool", 9001)
    for record in (adapter, tool):
        text = msgspec.json.encode(record)
        assert msgspec.json.encode(msgspec.json.decode(text, type=Record)) == text
        assert b"deletedAt" not in text
        assert b"status" not in text


@pytest.mark.parametrize(
    ("version", "image"),
    [("1.0", "example:1.0"), ("sha256:" + "a" * 64, "example@sha256:" + "a" * 64)],
)
def test_image_is_named_by_tag_or_digest(version: str, image: str) -> None:
    assert image_of(_spec(imageVersion=version)) == image


def test_masking_hides_plain_values_keeps_references_and_leaves_the_record_alone() -> None:
    reference = {"secretRef": {"name": "s", "key": "k"}}
    record = _record(kind="adapter", environmentVariables={"A": "secret", "B": reference})

    hidden = masked(record)

    assert hidden.environment_variables == {"A": MASK, "B": EnvReference(secret_ref=Reference("s", "k"))}
    assert record.environment_variables["A"] == "secret"
