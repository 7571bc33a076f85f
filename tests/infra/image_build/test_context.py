"""Contexts: the same files make the same archive, and only what is copied is in it."""

import gzip
import io
import os
import tarfile
from pathlib import Path

import pytest

from infra.image_build.context import ContextError, context
from infra.images import PLATFORM, ROOT, SAMPLES

DOCKERFILE = """\
FROM python AS build
COPY --chown=1:1 lock.txt \\
     app ./
FROM python
COPY --from=build /venv /venv
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository of which one folder is copied."""
    for name, text in {
        "room/Dockerfile": DOCKERFILE,
        "lock.txt": "1",
        "app/main.py": "run()",
        "app/__pycache__/main.pyc": "?",
        "other/secret.txt": "no",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def names(archive: bytes) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(archive))) as found:
        return found.getnames()


def test_only_what_is_copied_is_in_it(root: Path) -> None:
    assert names(context(root, "room/Dockerfile").archive) == ["app/main.py", "lock.txt", "room/Dockerfile"]


def test_the_same_files_are_the_same_bytes(root: Path) -> None:
    first = context(root, "room/Dockerfile")
    os.utime(root / "app/main.py", (1, 1))
    (root / "other/secret.txt").write_text("changed")
    assert context(root, "room/Dockerfile") == first


@pytest.mark.parametrize("name", ["app/main.py", "lock.txt", "room/Dockerfile"])
def test_a_change_of_a_file_is_another_context(root: Path, name: str) -> None:
    first = context(root, "room/Dockerfile").digest
    (root / name).write_text((root / name).read_text() + "\n# changed\n")
    assert context(root, "room/Dockerfile").digest != first


def test_a_new_file_is_another_context(root: Path) -> None:
    first = context(root, "room/Dockerfile").digest
    (root / "app/more.py").write_text("")
    assert context(root, "room/Dockerfile").digest != first


def test_a_link_is_what_it_leads_to(root: Path) -> None:
    (root / "app/link.txt").symlink_to(root / "other/secret.txt")
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(context(root, "room/Dockerfile").archive))) as found:
        file = found.extractfile("app/link.txt")
        assert file
        assert file.read() == b"no"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("COPY gone /app", "copies `gone`, which is not there"),
        ("COPY *.py /app", r"COPY `\*.py` is not understood"),
        ("COPY $WHERE /app", "is not understood"),
        ("ADD https://example.com/x /x", "ADD is not understood"),
    ],
)
def test_what_is_not_understood_is_said(root: Path, line: str, says: str) -> None:
    (root / "room/Dockerfile").write_text(f"FROM python\n{line}\n")
    with pytest.raises(ContextError, match=says):
        context(root, "room/Dockerfile")


@pytest.mark.parametrize("dockerfile", [*PLATFORM.values(), *SAMPLES.values()])
def test_our_own_images_have_one(dockerfile: str) -> None:
    found = names(context(ROOT, dockerfile).archive)
    assert {"pyproject.toml", "uv.lock", dockerfile} <= set(found)
    assert not [name for name in found if name.startswith(("tests/", "infra/", "."))]
