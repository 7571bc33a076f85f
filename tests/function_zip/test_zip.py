"""What is in the zip, that it is the same twice, and that it serves with nothing but its own."""

import hashlib
import re
import zipfile
from pathlib import Path

import pytest

from gateway.operations import OPERATIONS
from infra.function_package import build, package
from infra.function_package.sources import ROOT
from tests.azure.cloud import Cloud
from tests.functions.azure_place import environment
from tests.functions.mini_host.worker import PACKAGES
from tests.functions.mini_host.worker_process import worker_process

_MOST = 60e6  # bytes; the platform loads it at every cold start


def test_second_build_of_the_same_has_the_same_bytes(
    zipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "empty"))  # uv's own cache too: everything is fetched anew
    again = build(tmp_path)
    assert again == tmp_path / package.NAME
    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(zipped.read_bytes()).digest()


def test_zip_holds_what_the_platform_looks_for_where_it_looks(zipped: Path) -> None:
    with zipfile.ZipFile(zipped) as zip:
        names = set(zip.namelist())
        assert zip.read("host.json") == (ROOT / "functions/host.json").read_bytes()
    assert {"function_app.py", "functions/on_azure.py", "gateway/azure/cosmos/store.py"} <= names
    for package_name in ("azure/functions", "azure/cosmos", "azure/identity", "kubernetes/aio", "aiohttp", "msgspec"):
        assert f"{PACKAGES}/{package_name}/__init__.py" in names
    assert not [
        name for name in names if re.search(r"/tests?/|/bin/|azure_functions_runtime|pulumi|psycopg|/mcp/", name)
    ]
    assert zipped.stat().st_size < _MOST


def test_every_package_is_of_the_version_that_is_locked(zipped: Path) -> None:
    with zipfile.ZipFile(zipped) as zip:
        found = {name.split("/")[3].removesuffix(".dist-info") for name in zip.namelist() if ".dist-info/" in name}
    lock = (ROOT / "uv.lock").read_text()
    locked = {
        f"{name.replace('-', '_')}-{version}" for name, version in re.findall(r'name = "(.+)"\nversion = "(.+)"', lock)
    }
    assert len(found) > 40
    assert found <= locked


async def test_whole_zip_is_indexed_with_its_own_packages_alone(wwwroot: Path, cloud: Cloud, tmp_path: Path) -> None:
    async with worker_process(wwwroot, environment(cloud, "https://localhost:9"), tmp_path) as worker:
        names = {function["name"] for function in worker.functions}
    assert names == {operation.id for operation in OPERATIONS if operation.room != "proxy"} | {"reconcile"}
