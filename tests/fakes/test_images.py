"""The table of the fakes is one that a local gateway reads."""

import importlib.util
from pathlib import Path

from local.images import images
from tests.fakes.images import MODULES, VERSION, write


def test_every_fake_is_in_the_table_under_its_name_and_version(tmp_path: Path) -> None:
    table = images(write(tmp_path / "images.toml")).table
    assert {f"{name}:{VERSION}" for name in MODULES} <= table.keys()
    assert table[f"recorder:{VERSION}"].command[-1] == "tests.fakes.recorder"


def test_every_module_of_the_table_is_there() -> None:
    assert all(importlib.util.find_spec(module) for module in MODULES.values())
