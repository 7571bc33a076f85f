"""docs/azure.md and docs/entra-app-roles.md: nobody ran their commands against Azure, so that much the more is held against the code."""

import argparse
import json
import re
import shlex
import subprocess
from collections.abc import Iterator

import pytest

from infra.bootstrap.script import EPHEMERAL, PREVIEW
from infra.bootstrap.wish import Wish
from infra.config import Sizes
from infra.entra_app import CLIENTS, SCOPE
from infra.ephemeral.arguments import parser as ephemeral
from local.build_arguments import add_build_arguments
from tests.cluster.layout import CLONE

PAGES = ("azure", "entra-app-roles")
BLOCK = re.compile(r"^ *```(\w+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
KEY = re.compile(r'entries\.\w+\(\s*"(\w+)"')


def _page(name: str) -> str:
    return (CLONE / "docs" / f"{name}.md").read_text()


def _blocks(language: str) -> Iterator[str]:
    for page in PAGES:
        yield from (text for kind, text in BLOCK.findall(_page(page)) if kind == language)


def _commands(begin: str) -> list[list[str]]:
    """The words of the lines that begin so."""
    lines = [line for block in _blocks("sh") for line in block.replace("\\\n", " ").splitlines()]
    return [shlex.split(line.strip())[len(begin.split()) :] for line in lines if line.strip().startswith(begin)]


def test_every_key_of_the_configuration_is_in_the_table_and_no_other() -> None:
    read = set(KEY.findall((CLONE / "infra/config.py").read_text()))
    table = _page("azure").partition("## Configuration")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    assert {key for row in rows for key in re.findall(r"`(\w+)`", row)} == read
    (sizes,) = [line for line in table.splitlines() if line.startswith("| `sizes`")]
    assert set(re.findall(r"`(\w+)`", sizes)) - {"sizes"} == set(Sizes.__struct_encode_fields__)


def test_every_output_that_is_asked_for_is_one() -> None:
    known = set(re.findall(r'^ +"(\w+)": ', (CLONE / "infra/outputs.py").read_text(), re.MULTILINE))
    asked = {name for block in _blocks("sh") for name in re.findall(r"stack output (\w+)", block)}
    assert asked <= known
    assert asked


@pytest.mark.parametrize("block", list(_blocks("sh")), ids=lambda block: block.strip().splitlines()[0][:40])
def test_blocks_are_shell(block: str) -> None:
    checked = subprocess.run(["bash", "-n"], input=block, text=True, capture_output=True, check=False)
    assert checked.returncode == 0, checked.stderr


def test_json_is_json() -> None:
    assert len([json.loads(block) for block in _blocks("json")]) == 2
    (roles,) = re.findall(r"^cat >roles\.json <<'END'\n(.*?)^END$", _page("entra-app-roles"), re.MULTILINE | re.DOTALL)
    assert [role["value"] for role in json.loads(roles)] == ["mcp.admin", "mcp.engineer"]


def test_commands_of_ours_take_the_arguments_that_are_written() -> None:
    build = argparse.ArgumentParser()
    add_build_arguments(build)
    assert [build.parse_args(words).image for words in _commands("./uvw run mcp-gateway build")] == ["my-server:1.0"]
    assert [ephemeral().parse_args(words).command for words in _commands("./uvw run python -m infra.ephemeral")] == [
        "smoke"
    ]
    bootstraps = _commands("./uvw run python -m infra.bootstrap")
    assert [words[-1] for words in bootstraps] == ["--dry-run", "westus3", "contoso/mcp-gateway"]


def test_names_of_the_state_are_those_that_bootstrap_makes() -> None:
    wish, page = Wish.checked("contoso", "westus3"), _page("azure")
    for name in (wish.backend, wish.secrets_provider, f"`{wish.group}`", f"--vault-name {wish.vault}"):
        assert name in page
    assert f"`{PREVIEW}`" in page
    assert f"`{EPHEMERAL}`" in page


def test_the_application_by_hand_is_the_one_that_the_program_makes() -> None:
    page = _page("entra-app-roles")
    assert all(client in page for client in CLIENTS.values())
    assert rf"\"value\": \"{SCOPE}\"" in page
    assert r"\"requestedAccessTokenVersion\": 2" in page


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", _page(name)):
        file, _, anchor = target.partition("#")
        if target.startswith("https://") or file == "catalog-as-code.md":  # the latter is its own test's
            continue
        page = (CLONE / "docs" / file).read_text() if file else _page(name)
        headings = [_anchor(line) for line in page.splitlines() if line.startswith("#")]
        assert not anchor or anchor in headings, target


def _anchor(heading: str) -> str:
    """As GitHub makes it."""
    return re.sub(r"[^\w -]", "", heading.lstrip("# ")).lower().replace(" ", "-")
