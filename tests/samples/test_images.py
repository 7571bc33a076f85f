"""The samples' Dockerfiles, as far as they can be judged without building them."""

import re
from pathlib import Path

import pytest

from tests.samples.process import ROOT

DOCKERFILES = sorted((ROOT / "samples").glob("*/Dockerfile"))


def test_every_sample_has_an_image() -> None:
    assert [path.parent.name for path in DOCKERFILES] == ["mcp_bridge", "mcp_example", "weather_tool"]


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.parent.name)
def test_an_image_has_two_stages_a_numeric_user_and_what_its_module_imports(path: Path) -> None:
    text = path.read_text()
    assert re.findall(r"^FROM (\S+)", text, re.MULTILINE) == ["${BASE}", "${BASE}"]
    assert "\nUSER 1100:1100\n" in text
    assert f'CMD ["python", "-m", "samples.{path.parent.name}"]' in text
    copied = {
        source for line in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE) for source in line.split()
    }
    assert all((ROOT / source).exists() for source in copied)
    assert f"samples/{path.parent.name}" in copied
    modules = "".join(module.read_text() for module in path.parent.glob("*.py"))
    shared = set(re.findall(r"^from samples\.(\w+) import", modules, re.MULTILINE)) - {path.parent.name}
    assert {f"samples/{module}.py" for module in shared} <= copied
