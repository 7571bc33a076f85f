"""The image table: built-ins, files, and what is wrong with either."""

import sys
from pathlib import Path

import pytest

from gateway.errors import Invalid
from local.images import ImagesError, images
from tests.contracts.records import adapter


def file(folder: Path, text: str) -> Path:
    path = folder / "images.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("mcp-example", "samples.mcp_example"),
        ("weather-tool", "samples.weather_tool"),
        ("mcp-proxy", "samples.mcp_bridge"),
    ],
)
def test_the_samples_are_built_in(name: str, module: str) -> None:
    image = images().find(adapter(image_name=name, image_version="1.0.0"))
    assert image.command == [sys.executable, "-m", module]


def test_a_file_adds_images_and_wins_over_the_built_in_ones(tmp_path: Path) -> None:
    text = '["mine:1"]\ncommand = ["a", "b"]\nenv = { K = "v" }\n["mcp-example:1.0.0"]\ncommand = ["own"]\n'
    table = images(file(tmp_path, text))
    mine = table.find(adapter(image_name="mine", image_version="1"))
    assert (mine.command, mine.env, mine.cwd) == (["a", "b"], {"K": "v"}, str(tmp_path))
    assert table.find(adapter(image_name="mcp-example", image_version="1.0.0")).command == ["own"]


def test_cwd_is_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    table = images(file(tmp_path, '["a:1"]\ncommand = ["x"]\ncwd = "sub"\n'))
    assert table.find(adapter(image_name="a", image_version="1")).cwd == str(tmp_path / "sub")


def test_images_can_be_named_by_digest(tmp_path: Path) -> None:
    digest = "sha256:" + "0" * 64
    table = images(file(tmp_path, f'["a@{digest}"]\ncommand = ["x"]\n'))
    assert table.find(adapter(image_name="a", image_version=digest)).command == ["x"]


@pytest.mark.parametrize(
    ("name", "version", "field"), [("nope", "1.0.0", "imageName"), ("mcp-example", "2.0.0", "imageVersion")]
)
def test_an_unknown_image_is_refused_with_those_there_are(name: str, version: str, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        images().find(adapter(image_name=name, image_version=version))
    assert caught.value.field == field
    assert caught.value.detail.startswith(f"{field}: ")
    assert "mcp-example:1.0.0, mcp-proxy:1.0.0, weather-tool:1.0.0" in caught.value.detail


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[", "not TOML"),
        ("a = 1", r'\["a"\]: the key must be'),
        ('["a"]\ncommand = ["x"]', r'\["a"\]: the key must be'),
        ('["a:"]\ncommand = ["x"]', r'\["a:"\]: the key must be'),
        ('["a:1"]', r'\["a:1"\]: .*`command`'),
        ('["a:1"]\ncommand = "x"', r"\[\"a:1\"\]: Expected `array`, got `str` - at `\$.command`"),
        ('["a:1"]\ncommand = []', r"`command` is empty"),
        ('["a:1"]\ncommand = ["x"]\nenv = { A = 1 }', r'\["a:1"\]: .*env'),
        ('["a:1"]\ncommand = ["x"]\ncomand = 1', r'\["a:1"\]: .*`comand`'),
        ('["a:1"]\ncommand = ["x"]\ncwd = "nowhere"', r"`cwd`: .*nowhere is not a folder"),
    ],
)
def test_a_bad_file_is_refused_with_its_name_and_the_key(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ImagesError, match=rf"images\.toml: .*{message}|images\.toml: {message}"):
        images(file(tmp_path, text))


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ImagesError, match=r"gone\.toml: No such file"):
        images(tmp_path / "gone.toml")
