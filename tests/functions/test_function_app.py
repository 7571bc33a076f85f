"""The Azure entry, loaded and invoked by the platform's own worker library, as it is deployed."""

import json
from pathlib import Path

import pytest

from functions.composition import composed
from gateway.env import SettingsError
from gateway.operations import OPERATIONS
from tests.functions.bodies import adapter
from tests.functions.deployed import platform

_COMPOSE = "tests.functions.compositions:in_memory"


async def test_platform_indexes_one_function_per_operation_and_the_timer(tmp_path: Path) -> None:
    async with platform(tmp_path, {"ControlPlane__Compose": _COMPOSE}) as worker:
        indexed = await worker.read()

    triggers = {function["name"]: function["bindings"][0] for function in indexed}
    ours = [operation for operation in OPERATIONS if operation.room != "proxy"]
    assert triggers.keys() == {operation.id for operation in ours} | {"reconcile"}
    for operation in ours:
        trigger = triggers[operation.id]
        assert trigger["type"] == "httpTrigger"
        assert trigger["authLevel"] == "ANONYMOUS"
        assert trigger["methods"] == [operation.method]
        assert f"/{trigger['route']}" == operation.path
    assert triggers["reconcile"]["type"] == "timerTrigger"
    assert json.loads((tmp_path / "host.json").read_text())["extensions"]["http"]["routePrefix"] == ""


async def test_whole_life_of_an_adapter_through_the_platform(tmp_path: Path) -> None:
    async with platform(tmp_path, {"ControlPlane__Compose": _COMPOSE, "Test__Images__0": "example:1"}) as worker:
        await worker.read()

        created = await worker.invoke("create_adapter", body=adapter())
        assert (created["status"], created["headers"]["location"]) == (201, "/adapters/one")
        assert created["headers"]["content-type"] == "application/json"
        tag = created["headers"]["etag"]
        got = await worker.invoke("get_adapter", "one")
        assert (got["status"], json.loads(got["body"])) == (200, json.loads(created["body"]))
        put = await worker.invoke("replace_adapter", "one", adapter(description="d"), **{"if-match": tag})
        assert put["status"] == 200
        stale = await worker.invoke("delete_adapter", "one", **{"if-match": tag})
        assert (stale["status"], stale["headers"]["content-type"]) == (412, "application/problem+json")
        bad = await worker.invoke("create_adapter", body=adapter(imageVersion="2"))
        assert (bad["status"], json.loads(bad["body"])["errors"][0]["field"]) == (400, "imageName")
        logs = await worker.invoke("get_adapter_logs", "one")
        assert (logs["status"], logs["headers"]["content-type"]) == (200, "text/plain; charset=utf-8")
        assert await worker.invoke("reconcile") == {"returned": None}
        gone = await worker.invoke("delete_adapter", "one")
        assert (gone["status"], gone["body"]) == (204, "")
        assert json.loads((await worker.invoke("list_adapters"))["body"]) == []
        assert (await worker.invoke("ping"))["status"] == (await worker.invoke("ready"))["status"] == 200


async def test_platform_shows_which_setting_is_missing(tmp_path: Path) -> None:
    async with platform(tmp_path, {}) as worker:
        assert "SettingsError: ControlPlane__Compose is required." in (await worker.read())["error"]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("", "is required"),
        ("tests.functions.compositions", "not of the form"),
        ("tests.functions.nowhere:x", "no module `tests.functions.nowhere`"),
        ("tests.functions.compositions:NUMBER", "no function `NUMBER`"),
        ("tests.functions.compositions:missing", "no function `missing`"),
        ("tests.functions.compositions:nothing", "returned no Composition"),
    ],
)
def test_composition_that_is_none_is_refused_by_name(value: str, why: str) -> None:
    with pytest.raises(SettingsError, match=r"^ControlPlane__Compose") as refused:
        composed({"ControlPlane__Compose": value})

    assert why in str(refused.value)
