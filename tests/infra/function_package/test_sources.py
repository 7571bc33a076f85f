"""Our half of the zip, and the bounds of the other: what is in, what is not, and what is refused."""

from pathlib import Path

import pytest

from infra.function_package import requirements
from infra.function_package.__main__ import main
from infra.function_package.failed import PackageFailed
from infra.function_package.sources import ROOT, sources

_WHEEL = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: "


def test_entry_and_host_file_stand_at_the_root_and_nothing_of_images_is_in() -> None:
    files = sources()
    assert {path for path in files if "/" not in path} == {"function_app.py", "host.json"}
    assert files["function_app.py"] == (ROOT / "functions/function_app.py").read_bytes()
    assert {path.partition("/")[0] for path in files if "/" in path} == {"functions", "gateway"}
    assert {"functions/on_azure.py", "gateway/azure/sign_in.py", "gateway/__init__.py"} <= files.keys()
    assert not [path for path in files if path.endswith(".pyc") or "Dockerfile" in path or "tests" in path]


def wheel(target: Path, name: str, tag: str) -> None:
    folder = target / f"{name}.dist-info"
    folder.mkdir(parents=True)
    (folder / "WHEEL").write_text(_WHEEL + tag)


@pytest.mark.parametrize(
    "tag",
    [
        "cp313-cp313-musllinux_1_2_x86_64",
        "cp313-cp313-linux_x86_64",  # built here, not for others
        "cp313-cp313-manylinux_2_17_aarch64",
        "cp313-cp313-macosx_11_0_arm64",
        "cp312-cp312-manylinux_2_17_x86_64",
        "cp313-cp313-win_amd64",
    ],
)
def test_wheel_that_would_not_run_there_is_refused_by_name(tmp_path: Path, tag: str) -> None:
    wheel(tmp_path, "azure_functions-2.3.0", "py3-none-any")
    wheel(tmp_path, "fast-1.0", tag)
    with pytest.raises(PackageFailed, match=r"Not for Linux on x86-64 and Python .*: fast-1"):
        requirements.check(tmp_path)


@pytest.mark.parametrize(
    "tag", ["py3-none-any", "py2.py3-none-any", "cp313-cp313-manylinux_2_28_x86_64", "cp39-abi3-manylinux2014_x86_64"]
)
def test_wheel_that_runs_there_is_taken(tmp_path: Path, tag: str) -> None:
    wheel(tmp_path, "azure_functions-2.3.0", "py3-none-any")
    wheel(tmp_path, "some-1.0", tag)
    requirements.check(tmp_path)


@pytest.mark.parametrize("versions", [["1.25.0"], [], ["1.26.0", "2.3.0"]])
def test_programming_model_of_earlier_pythons_is_refused(tmp_path: Path, versions: list[str]) -> None:
    for version in versions:
        wheel(tmp_path, f"azure_functions-{version}", "py3-none-any")
    with pytest.raises(PackageFailed, match="azure-functions"):
        requirements.check(tmp_path)


def test_command_that_fails_is_said_in_its_own_words(tmp_path: Path) -> None:
    uv = tmp_path / "uvw"
    uv.write_text("#!/bin/sh\necho 'no such index' >&2\nexit 2\n")
    uv.chmod(0o755)
    with pytest.raises(PackageFailed, match=r"^uv export failed: no such index"):
        requirements.packages(tmp_path, root=tmp_path)


def test_project_without_its_wrapper_is_said(tmp_path: Path) -> None:
    with pytest.raises(PackageFailed, match=r"^uv export: "):
        requirements.packages(tmp_path, root=tmp_path)


def test_other_arguments_are_answered_with_the_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == main(["out.tar"]) == 2
    assert "OUT.zip" in capsys.readouterr().err
