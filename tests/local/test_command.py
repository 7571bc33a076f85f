"""What exactly is run, and with which variables: five of ours, the image's, the record's, nothing else."""

from pathlib import Path
from typing import Any

import pytest

from gateway.errors import Invalid
from gateway.records import EnvReference, Probe, Reference
from local.command import command_of
from local.images import Image
from tests.contracts.records import adapter, tool

IMAGE = Image(["serve", "--fast"], {"A": "image", "B": "image"})
WORK = Path("/work")


def test_the_image_says_what_runs_and_arguments_are_appended() -> None:
    assert command_of(adapter(), IMAGE, WORK).argv == ["serve", "--fast"]
    assert command_of(adapter(args=["-v"]), IMAGE, WORK).argv == ["serve", "--fast", "-v"]


def test_a_command_of_the_record_replaces_that_of_the_image() -> None:
    assert command_of(adapter(command=["own"], args=["-v"]), IMAGE, WORK).argv == ["own", "-v"]


def test_the_environment_is_exactly_this_set() -> None:
    command = command_of(adapter(environment_variables={"B": "record", "C": "é=1 x"}), IMAGE, WORK)
    inherited = {"PATH": "/p", "HOME": "/h", "TMPDIR": "/t", "LANG": "l", "SSL_CERT_FILE": "no", "SECRET": "no"}
    assert command.environment(inherited, 20001) == {
        "PATH": "/p",
        "HOME": "/h",
        "TMPDIR": "/t",
        "LANG": "l",
        "A": "image",
        "B": "record",
        "C": "é=1 x",
        "PORT": "20001",
    }


def test_the_basic_five_are_there_even_where_the_gateway_has_none_of_them() -> None:
    variables = command_of(adapter(), Image(["x"]), WORK).environment({}, 1)
    assert set(variables) == {"PATH", "HOME", "TMPDIR", "LANG", "PORT"}
    assert all(variables.values())


def test_records_may_change_the_basic_ones_but_never_the_port() -> None:
    record = adapter(environment_variables={"HOME": "/elsewhere", "PORT": "1"})
    variables = command_of(record, IMAGE, WORK).environment({"HOME": "/h"}, 20001)
    assert (variables["HOME"], variables["PORT"]) == ("/elsewhere", "20001")


@pytest.mark.parametrize("member", ["secret_ref", "config_map_ref"])
def test_references_to_secrets_and_config_maps_are_refused_with_their_field(member: str) -> None:
    reference = EnvReference(**{member: Reference("s", "k")})
    with pytest.raises(Invalid) as caught:
        command_of(adapter(environment_variables={"TOKEN": reference}), IMAGE, WORK)
    assert caught.value.field == "environmentVariables.TOKEN"


@pytest.mark.parametrize(
    "change",
    [
        {"image_version": "2"},
        {"environment_variables": {"A": "1"}},
        {"command": ["x"]},
        {"args": ["x"]},
        {"port": 9000},
        {"probe": Probe("/healthz")},
    ],
)
def test_what_the_process_would_notice_makes_another_command(change: dict[str, Any]) -> None:
    assert command_of(adapter(**change), IMAGE, WORK) != command_of(adapter(), IMAGE, WORK)


@pytest.mark.parametrize(
    "change",
    [{"description": "x"}, {"required_roles": ["r"]}, {"replica_count": 3}, {"generation": 2}, {"affinity": "none"}],
)
def test_what_only_the_gateway_notices_does_not(change: dict[str, Any]) -> None:
    assert command_of(adapter(**change), IMAGE, WORK) == command_of(adapter(), IMAGE, WORK)


def test_a_tool_has_the_port_of_its_definition() -> None:
    assert command_of(tool(), IMAGE, WORK).port == 8000
