"""Dockerfiles of processes that run on a cluster: what every builder understands, and what a restricted pod needs."""

import re
from fnmatch import fnmatch
from pathlib import Path

import pytest

from local.images import BUILT_IN
from tests.cluster.recipes import ROOT, fakes, platform, samples
from tests.fakes import images as fake_images
from tests.local.tiny import images as tiny_images

ROOMS = {
    "proxy": ("mcpgateway", "proxy"),
    "tool_router": ("toolgateway", "router"),
    "functions": ("control-plane", "container"),
}
SAMPLES = sorted((ROOT / "samples").glob("*/Dockerfile"))
DOCKERFILES = [*(ROOT / room / "Dockerfile" for room in ROOMS), *SAMPLES, ROOT / "tests/cluster/fakes.Dockerfile"]
# The words of Dockerfiles that docker's classic builder, BuildKit and buildah all have had for years.
WORDS = {"ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "RUN", "USER", "WORKDIR"}
EVERY = pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: str(path.relative_to(ROOT)))


def instructions(path: Path) -> list[str]:
    """The instructions, one per line, without comments."""
    lines = (line for line in path.read_text().splitlines() if not line.lstrip().startswith("#"))
    return [line for line in "\n".join(lines).replace("\\\n", " ").splitlines() if line.strip()]


@EVERY
def test_only_words_that_every_builder_understands_are_used(path: Path) -> None:
    written = instructions(path)
    assert {line.split()[0] for line in written} <= WORDS
    options = {word for line in written if line.startswith(("COPY", "RUN")) for word in line.split()[1:2]}
    assert {option for option in options if option.startswith("--") and not option.startswith("--from=")} == set()
    assert not any("<<" in line for line in written)


@EVERY
def test_build_has_two_stages_on_a_base_that_can_be_chosen(path: Path) -> None:
    written = instructions(path)
    assert written[0] == "ARG BASE=python:3.13-slim"
    assert [line for line in written if line.startswith("FROM")] == ["FROM ${BASE} AS build", "FROM ${BASE}"]


@EVERY
def test_uv_is_pinned_and_stays_in_the_first_stage(path: Path) -> None:
    written = instructions(path)
    assert written[2] == "ARG UV=0.13.9"
    assert not any("/uv" in line for line in written[written.index("FROM ${BASE}") :])


@EVERY
def test_process_is_a_numeric_user_and_gets_signals(path: Path) -> None:
    written = instructions(path)
    assert "USER 1100:1100" in written
    assert re.fullmatch(r'CMD \["python", "-m", "[\w.]+"\]|CMD \["sh", "-c", "exec .+"\]', written[-1])


@EVERY
def test_what_is_copied_is_there_and_reaches_the_build(path: Path) -> None:
    lines = [line.split()[1:-1] for line in instructions(path) if line.startswith("COPY") and "--from" not in line]
    patterns = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    for source in (source for line in lines for source in line):
        assert (ROOT / source).exists()
        verdicts = [pattern[0] == "!" for pattern in patterns if fnmatch(source.split("/")[0], pattern.lstrip("!"))]
        assert verdicts[-1], f"{source} is ignored"


@pytest.mark.parametrize("room", ROOMS)
def test_room_brings_itself_the_shared_words_and_its_own_extra(room: str) -> None:
    path = ROOT / room / "Dockerfile"
    written = instructions(path)
    copied = {line.split()[1] for line in written if line.startswith("COPY") and "--from" not in line}
    assert copied == {"pyproject.toml", "gateway", room}
    assert any(re.search(rf"uv sync .*--locked .*--extra {ROOMS[room][1]} ", line) for line in written)
    assert written[-1] == f'CMD ["python", "-m", "{room}"]'
    assert f"docker build -f {room}/Dockerfile -t {ROOMS[room][0]}:" in path.read_text()


def test_every_image_of_the_journeys_and_contracts_has_a_recipe() -> None:
    journeys = {f"{name}:{fake_images.VERSION}" for name in fake_images.MODULES}
    known = {recipe.image for recipe in (*fakes(), *samples(), *platform())}
    assert journeys | set(BUILT_IN) | set(tiny_images.IMAGES.table) <= known


def test_recipe_changes_with_every_file_that_goes_into_its_image() -> None:
    recipe = next(one for one in samples() if one.image.startswith("weather-tool"))
    assert recipe.inputs("a") == recipe.inputs("a")
    assert recipe.inputs("a") != recipe.inputs("b")
