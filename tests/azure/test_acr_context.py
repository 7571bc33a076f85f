"""Folders as they are sent to be built: the same files are the same bytes, and what `.dockerignore` names stays at home."""

import gzip
import io
import os
import tarfile
from pathlib import Path, PurePosixPath

import pytest

from gateway.azure.acr import NoContext, pack
from gateway.azure.acr.context import Context
from gateway.azure.acr.ignore import Ignored


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With some things that no image needs."""
    for name in ("Dockerfile", "app/main.py", "app/notes.md", ".env", ".git/HEAD", "app/__pycache__/main.pyc"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


def _tar(context: Context) -> tarfile.TarFile:
    return tarfile.open(fileobj=io.BytesIO(gzip.decompress(context.archive)))


def _files(context: Context) -> set[str]:
    with _tar(context) as tar:
        return {each.name for each in tar if not each.isdir()}


def test_all_but_the_history_is_sent(folder: Path) -> None:
    assert _files(pack(folder)) == {"Dockerfile", "app/main.py", "app/notes.md", ".env", "app/__pycache__/main.pyc"}


def test_the_same_files_are_the_same_bytes_whenever_and_whoever(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    first = pack(folder)
    os.utime(folder / "app/main.py", (0, 0))
    (folder / "app/main.py").chmod(0o600)
    assert pack(folder) == first
    with _tar(first) as tar:
        assert {(each.uid, each.uname, each.mtime) for each in tar} == {(0, "", 0)}


def test_other_contents_have_another_digest(folder: Path) -> None:
    first = pack(folder).digest
    (folder / "app/main.py").write_text("changed")
    assert pack(folder).digest != first


def test_what_runs_stays_executable(folder: Path) -> None:
    (folder / "app/main.py").chmod(0o755)
    with _tar(pack(folder)) as tar:
        assert tar.getmember("app/main.py").mode == 0o755
        assert tar.getmember("app/notes.md").mode == 0o644


def test_links_are_sent_as_links_and_not_followed(folder: Path) -> None:
    (folder / "elsewhere").symlink_to("/etc")
    with _tar(pack(folder)) as tar:
        assert tar.getmember("elsewhere").linkname == "/etc"
        assert not any(each.name.startswith("elsewhere/") for each in tar)


def test_a_second_name_of_a_file_is_a_file(folder: Path) -> None:
    os.link(folder / "app/main.py", folder / "app/again.py")
    with _tar(pack(folder)) as tar:
        file = tar.extractfile("app/main.py")
        assert file
        assert file.read() == b"app/main.py"


def test_a_dockerignore_leaves_out_what_it_names_but_never_the_dockerfile(folder: Path) -> None:
    (folder / ".dockerignore").write_text("# ours\n*\n!app\n**/*.md\n**/__pycache__\n")
    assert _files(pack(folder)) == {"Dockerfile", "app/main.py"}
    (folder / "Dockerfile.dockerignore").write_text("app\n")  # the Dockerfile's own takes its place
    assert ".env" in _files(pack(folder))
    assert "app/main.py" not in _files(pack(folder))


@pytest.mark.parametrize(
    ("patterns", "path", "left_out"),
    [
        (["*.md"], "README.md", True),
        (["*.md"], "docs/README.md", False),
        (["**/*.md"], "docs/deep/README.md", True),
        (["**/*.md"], "README.md", True),
        (["docs"], "docs/README.md", True),
        (["/docs/"], "docs/README.md", True),
        (["docs", "!docs/README.md"], "docs/README.md", False),
        (["!docs", "docs"], "docs/README.md", True),
        (["a?c"], "abc", True),
        (["a?c"], "a/c", False),
        (["[a-c]x"], "bx", True),
        (["[^a-c]x"], "bx", False),
        (["a/**"], "a/b/c", True),
        (["a/**/z"], "a/z", True),
        ([r"\*"], "anything", False),
        ([r"\*"], "*", True),
        (["file.txt"], "fileXtxt", False),
        (["# a", "", "  "], "a", False),
        ([], ".git/HEAD", True),
        (["!.git"], ".git/HEAD", False),
    ],
)
def test_patterns_mean_what_they_mean_to_docker(patterns: list[str], path: str, *, left_out: bool) -> None:
    assert (PurePosixPath(path) in Ignored.of(patterns)) == left_out


def test_a_folder_that_is_none_or_says_not_how_is_refused(folder: Path) -> None:
    with pytest.raises(NoContext, match="is not a folder"):
        pack(folder / "nowhere")
    with pytest.raises(NoContext, match="has no Containerfile"):
        pack(folder, "Containerfile")
    with pytest.raises(NoContext, match=r"has no \.\./Dockerfile"):
        pack(folder / "app", "../Dockerfile")
    (folder / ".dockerignore").write_text("[z-a]\n")
    with pytest.raises(NoContext, match="is not a pattern"):
        pack(folder)
