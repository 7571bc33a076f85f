"""The image table: which command stands for which image. The samples are built in, a file adds more. Starts nothing."""

import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from gateway.errors import Invalid
from gateway.records import EnvName, Spec, Text, image_of


class ImagesError(Exception):
    """The image file cannot be used; the message names the file and the key."""


class Image(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to run. `cwd` is relative to the file the image stands in; absent, it is that file's folder."""

    command: list[Text]
    env: dict[EnvName, Text] = {}
    cwd: str = ""


# Unbuffered: /logs shows a line when it is printed, not when 8 KiB of them are.
_PYTHON = {"PYTHONUNBUFFERED": "1"}
BUILT_IN: dict[str, Image] = {
    name: Image([sys.executable, "-m", module], _PYTHON)
    for name, module in (
        ("mcp-example:1.0.0", "samples.mcp_example"),
        ("weather-tool:1.0.0", "samples.weather_tool"),
        ("mcp-proxy:1.0.0", "samples.mcp_bridge"),
    )
}


class Images(msgspec.Struct, frozen=True):
    """A table of images by `name:version` (or `name@sha256:…`)."""

    table: Mapping[str, Image]

    def find(self, spec: Spec) -> Image:
        """The image of a record. Raises Invalid, naming `imageName` or `imageVersion` and the images there are."""
        image = self.table.get(image_of(spec))
        if image:
            return image
        known = any(_name(key) == spec.image_name for key in self.table)
        field, value = ("imageVersion", spec.image_version) if known else ("imageName", spec.image_name)
        raise Invalid(
            f"{field}: `{value}` is unknown here. Known images: {', '.join(sorted(self.table))}.", field=field
        )


def images(file: Path | None = None) -> Images:
    """The built-in images and those of `file` (TOML), which win. Raises ImagesError."""
    return Images(BUILT_IN if file is None else {**BUILT_IN, **_read(file)})


def _read(file: Path) -> dict[str, Image]:
    try:
        tables = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise ImagesError(f"{file}: {error.strerror}.") from None
    except ValueError as error:
        raise ImagesError(f"{file}: not TOML: {error}.") from None
    return {key: _image(file, key, table) for key, table in tables.items()}


def _image(file: Path, key: str, table: object) -> Image:
    where = f'{file}: ["{key}"]'
    if not _name(key) or key.endswith((":", "@")):
        raise ImagesError(f"{where}: the key must be `name:version`.")
    try:
        image = msgspec.convert(table, Image)
    except msgspec.ValidationError as error:
        raise ImagesError(f"{where}: {error}.") from None
    if not image.command:
        raise ImagesError(f"{where}: `command` is empty.")
    folder = file.absolute().parent / image.cwd
    if not folder.is_dir():
        raise ImagesError(f"{where}: `cwd`: {folder} is not a folder.")
    return msgspec.structs.replace(image, cwd=str(folder))


def _name(key: str) -> str:
    """The part before the version; blank where there is no version."""
    return key.rpartition("@" if "@" in key else ":")[0]
