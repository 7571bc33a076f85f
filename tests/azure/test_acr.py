"""Images built in a registry: what is sent, what is said meanwhile, what comes back, and what goes wrong. Over HTTP."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest

from gateway.azure.acr import AcrError, BuildFailed, Order, Registry, build_image, find, pack
from gateway.azure.arm import Arm
from tests.azure import acr_server
from tests.azure.acr_server import AcrServer
from tests.azure.replies import json
from tests.fakes.identity_provider_http import Answer

ORDER = Order(image="files:1", arguments={"BASE": "python:3.13-slim"})
HERE = Registry(acr_server.REGISTRY, acr_server.LOGIN_SERVER)


@pytest.fixture
def acr() -> Generator[AcrServer]:
    """A registry that nobody else uses."""
    with AcrServer() as server:
        yield server


@pytest.fixture
async def arm(acr: AcrServer) -> AsyncGenerator[Arm]:
    """Whoever may build in it."""
    async with _arm(acr) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A server with its Dockerfile."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    (tmp_path / "server.py").write_text("print('serving')\n")
    return tmp_path


def _arm(acr: AcrServer, token: str = acr_server.TOKEN) -> Arm:
    async def fetched() -> str:
        return token

    return Arm(fetched, acr.endpoint, first_wait=0.001)


async def _built(arm: Arm, folder: Path, said: list[str] | None = None) -> str:
    return await build_image(arm, HERE, pack(folder), ORDER, (said if said is not None else []).append, pause=0.001)


async def test_a_folder_becomes_an_image_that_is_named_by_its_digest(acr: AcrServer, arm: Arm, folder: Path) -> None:
    assert await _built(arm, folder) == f"{acr_server.LOGIN_SERVER}/files@{acr.digest}"
    assert acr.files()["server.py"] == b"print('serving')\n"
    (request,) = acr.requests
    assert request["imageNames"] == ["files:1"]
    assert request["arguments"] == [{"name": "BASE", "value": "python:3.13-slim", "isSecret": False}]


async def test_its_log_is_passed_on_line_by_line_and_once(acr: AcrServer, arm: Arm, folder: Path) -> None:
    acr.states = ["Queued", "Running", "Running", "Running", "Succeeded"]
    said: list[str] = []
    await _built(arm, folder, said)
    assert said[2:] == acr.log.decode().splitlines()


async def test_a_build_that_fails_says_so_with_azures_reason(acr: AcrServer, arm: Arm, folder: Path) -> None:
    acr.states[-1], acr.error = "Failed", "failed to run step ID: build: exit status 1"
    said: list[str] = []
    with pytest.raises(BuildFailed, match=r"ca1 ended as Failed: failed to run step ID: build: exit status 1\."):
        await _built(arm, folder, said)
    assert said[-1].startswith("Run ID: ca1")  # its log is told to the end


async def test_whoever_interrupts_a_build_cancels_its_run(acr: AcrServer, arm: Arm, folder: Path) -> None:
    acr.states = ["Running"] * 1_000_000
    begun = asyncio.Event()
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        begun.set()

    building = asyncio.create_task(build_image(arm, HERE, pack(folder), ORDER, say, pause=0.001))
    async with asyncio.timeout(10):
        while not any("as run ca1" in line for line in said):
            await begun.wait()
            begun.clear()
        building.cancel()
        with pytest.raises(asyncio.CancelledError):
            await building
    assert acr.cancelled == ["ca1"]


async def test_what_passes_is_asked_again(acr: AcrServer, arm: Arm, folder: Path) -> None:
    acr.faults.extend([Answer(429, b"", {"Retry-After": "0"}), Answer(503), Answer(502)])
    assert "@sha256:" in await _built(arm, folder)


async def test_what_does_not_pass_is_told_after_a_while(acr: AcrServer, arm: Arm, folder: Path) -> None:
    busy = json({"error": {"code": "ServerBusy", "message": "Later."}}, 503)
    acr.faults.extend([busy] * 5)
    with pytest.raises(AcrError, match="503 ServerBusy: Later"):
        await _built(arm, folder)


async def test_a_log_that_cannot_be_read_spoils_no_build(acr: AcrServer, arm: Arm, folder: Path) -> None:
    acr.log_faults.append(Answer(403))  # its address is over: another is asked for
    said: list[str] = []
    assert "@sha256:" in await _built(arm, folder, said)
    assert said[-1].startswith("Run ID: ca1")


async def test_a_free_subscription_is_told_what_else_to_do(acr: AcrServer, arm: Arm, folder: Path) -> None:
    refusal = json({"error": {"code": "TasksOperationsNotAllowed", "message": "Not permitted."}}, 403)
    acr.faults.extend([acr.offer(), refusal])
    with pytest.raises(AcrError, match=r"TasksOperationsNotAllowed\), as for free ones: use Docker"):
        await _built(arm, folder)


async def test_somebody_without_a_right_is_told_azures_reason(acr: AcrServer, folder: Path) -> None:
    async with _arm(acr, "another") as stranger:
        with pytest.raises(AcrError, match="401 InvalidAuthenticationToken: The access token is invalid") as refused:
            await _built(stranger, folder)
    assert refused.value.status == 401


async def test_an_answer_that_is_none_is_told_without_the_right_of_an_address(
    acr: AcrServer, arm: Arm, folder: Path
) -> None:
    acr.faults.append(json({"uploadUrl": f"http://127.0.0.1:1/x?{acr_server.RIGHT}", "relativePath": "x"}))
    with pytest.raises(AcrError, match="could not be reached") as failed:
        await _built(arm, folder)
    assert acr_server.RIGHT not in str(failed.value)
    acr.faults.append(Answer(200, b"<html>"))
    with pytest.raises(AcrError, match="something else than was asked for"):
        await _built(arm, folder)


@pytest.mark.parametrize("name", ["mgregteam", "MGREGteam", "mgregteam.azurecr.io"])
async def test_a_registry_is_found_by_its_name_in_whichever_subscription(arm: Arm, name: str) -> None:
    assert await find(arm, name) == HERE


async def test_a_registry_that_is_nowhere_is_said_to_be_so(arm: Arm) -> None:
    with pytest.raises(AcrError, match="no registry `another` in the 2 subscriptions that are visible"):
        await find(arm, "another")
    with pytest.raises(AcrError, match=f"no registry `mgregteam` in subscription {acr_server.EMPTY}"):
        await find(arm, "mgregteam", acr_server.EMPTY)
    with pytest.raises(AcrError, match="`no/name` is not the name of a registry"):
        await find(arm, "no/name")


def test_a_registry_whose_place_is_known_needs_no_looking_for() -> None:
    assert Registry.at(acr_server.SUBSCRIPTION, "team", "mgregteam") == HERE
    assert HERE.name == "mgregteam"
