"""What an ephemeral stack is configured with, and what its command refuses."""

from pathlib import Path

import pytest

from infra.ephemeral.__main__ import main
from infra.ephemeral.arguments import WrongArgument, configuration


@pytest.fixture
def like(tmp_path: Path) -> Path:
    """Another stack's settings."""
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_text(
        "config:\n  azure-native:location: westeurope\n  mcp-gateway:sizes: {userMin: 1}\n  mcp-gateway:resourceLabel: dev\n"
    )
    return file


def test_it_begins_with_another_stacks_settings_and_has_a_group_and_a_label_of_its_own(like: Path) -> None:
    config = configuration("pr-12", like, [])
    assert config["azure-native:location"] == "westeurope"
    assert config["mcp-gateway:sizes"] == {"userMin": 1}
    assert config["mcp-gateway:resourceGroup"] == "mcpgateway-pr-12"
    assert config["mcp-gateway:resourceLabel"] == "mgpr12"


def test_what_is_said_goes_before_it(like: Path) -> None:
    config = configuration("pr-12", like, ["tls=none", "azure-native:location=uksouth", "publicHost=a=b"])
    assert config["mcp-gateway:tls"] == "none"
    assert config["azure-native:location"] == "uksouth"
    assert config["mcp-gateway:publicHost"] == "a=b"


def test_secrets_of_another_stack_are_not_taken_along(like: Path) -> None:
    like.write_text("config:\n  mcp-gateway:password: {secure: v1:abc}\n")
    with pytest.raises(WrongArgument, match="only its own key opens: mcp-gateway:password"):
        configuration("pr-12", like, [])


def test_no_such_settings_and_no_such_pair_are_said(like: Path) -> None:
    with pytest.raises(WrongArgument, match=r"there is no Pulumi\.nobody\.yaml"):
        configuration("pr-12", like.with_name("Pulumi.nobody.yaml"), [])
    with pytest.raises(WrongArgument, match="`tls` has no value"):
        configuration("pr-12", like, ["tls"])


@pytest.mark.parametrize(
    "arguments", [[], ["up"], ["smoke"], ["sweep", "--ttl", "soon"], ["smoke", "--stack=pr-1", "--url=x"]]
)
def test_wrong_arguments_end_it_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
