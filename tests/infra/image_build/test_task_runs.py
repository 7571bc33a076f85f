"""Builds by a registry's task runs, over real HTTP against a small server that answers as Azure does."""

from collections.abc import Generator

import msgspec
import pytest

from gateway.azure.acr import Context
from gateway.azure.arm_error import ArmError
from infra.image_build.image import BuildError, Image, Place
from infra.image_build.task_runs import TaskRuns
from infra.waiting import Patience
from tests.azure.acr_server import REGISTRY, RIGHT, TOKEN, AcrServer, refused
from tests.azure.replies import json
from tests.fakes.identity_provider_http import Answer

IMAGE = Image(name="mcpgateway", context=Context(b"an archive", "0123456789", "proxy/Dockerfile", 1))
PLACE = Place(registry=REGISTRY)


@pytest.fixture
def acr() -> Generator[AcrServer]:
    with AcrServer() as made:
        yield made


def builder(acr: AcrServer, *, seconds: float = 10, word: float = 30, token: str = TOKEN) -> TaskRuns:
    async def token_for(scope: str) -> str:
        assert scope == "https://management.azure.com/.default"
        return token

    patience = Patience(seconds=seconds, pause=0.005, word=word)
    return TaskRuns(token_for, acr.endpoint, patience=patience, pause=0.005)


def quiet(text: str) -> None:
    """Nobody listens."""


async def test_an_image_is_built_from_what_was_uploaded(acr: AcrServer) -> None:
    digest = await builder(acr).ensure(PLACE, IMAGE, quiet)
    (run,) = acr.task_runs.values()
    assert acr.sent[run.request["sourceLocation"]] == b"an archive"
    assert run.request["type"] == "DockerBuildRequest"
    assert run.request["dockerFilePath"] == "proxy/Dockerfile"
    assert run.request["isPushEnabled"] is True
    assert run.request["platform"] == {"os": "Linux", "architecture": "amd64"}
    assert digest == run.digest


async def test_what_was_built_is_not_built_again(acr: AcrServer) -> None:
    first = await builder(acr).ensure(PLACE, IMAGE, quiet)
    acr.asked.clear()
    assert await builder(acr).ensure(PLACE, IMAGE, quiet) == first
    assert [one.partition(" ")[0] for one in acr.asked] == ["GET"]


@pytest.mark.parametrize(
    "changed",
    [
        {"context": Context(b"another", "9876543210", "proxy/Dockerfile", 1)},
        {"arguments": {"BASE": "python:3.13"}},
        {"tags": ("1.0.0",)},
    ],
)
async def test_whatever_makes_another_image_is_built_anew(acr: AcrServer, changed: dict[str, object]) -> None:
    other = msgspec.structs.replace(IMAGE, **changed)
    assert await builder(acr).ensure(PLACE, IMAGE, quiet) != await builder(acr).ensure(PLACE, other, quiet)
    assert len(acr.task_runs) == 2


async def test_tags_and_arguments_are_handed_on(acr: AcrServer) -> None:
    image = Image(
        name="weather-tool",
        context=IMAGE.context,
        tags=("1.0.0",),
        arguments={"BASE": "registry.example.com/python"},
    )
    await builder(acr).ensure(PLACE, image, quiet)
    (run,) = acr.task_runs.values()
    assert run.request["imageNames"][1:] == ["weather-tool:1.0.0"]
    assert run.request["arguments"] == [{"name": "BASE", "value": "registry.example.com/python", "isSecret": False}]


@pytest.mark.parametrize(("pool", "expected"), [(None, None), ("builds", "builds")])
async def test_builds_run_on_the_agents_of_a_private_registry(
    acr: AcrServer, pool: str | None, expected: str | None
) -> None:
    await builder(acr).ensure(Place(registry=REGISTRY, pool=pool), IMAGE, quiet)
    (run,) = acr.task_runs.values()
    assert run.request.get("agentPoolName") == expected


async def test_looking_changes_nothing(acr: AcrServer) -> None:
    assert await builder(acr).find(PLACE, IMAGE) is None
    assert not acr.task_runs
    built = await builder(acr).ensure(PLACE, IMAGE, quiet)
    assert await builder(acr).find(PLACE, IMAGE) == built


@pytest.mark.parametrize("ending", ["Failed", "Canceled"])
async def test_a_build_that_fails_shows_the_end_of_its_log(acr: AcrServer, ending: str) -> None:
    acr.states = ["Running", ending]
    acr.log = b"".join(b"line %d\n" % number for number in range(1000))
    with pytest.raises(BuildError, match=f"mcpgateway: {ending.lower()}") as failed:
        await builder(acr).ensure(PLACE, IMAGE, quiet)
    lines = str(failed.value).splitlines()
    assert lines[-1] == "line 999"
    assert len(lines) < 50


async def test_a_build_that_failed_is_tried_again(acr: AcrServer) -> None:
    acr.states[-1] = "Failed"
    with pytest.raises(BuildError):
        await builder(acr).ensure(PLACE, IMAGE, quiet)
    assert await builder(acr).find(PLACE, IMAGE) is None
    acr.states[-1] = "Succeeded"
    assert await builder(acr).ensure(PLACE, IMAGE, quiet)
    assert len(acr.sent) == 2


async def test_a_build_that_another_began_is_waited_for(acr: AcrServer) -> None:
    acr.states = ["Running"] * 1_000_000
    with pytest.raises(BuildError):
        await builder(acr, seconds=0).ensure(PLACE, IMAGE, quiet)
    acr.states = ["Running", "Running", "Succeeded"]
    assert await builder(acr).ensure(PLACE, IMAGE, quiet)
    assert len(acr.sent) == 1


async def test_a_build_that_does_not_end_is_given_up(acr: AcrServer) -> None:
    acr.states = ["Running"] * 1_000_000
    with pytest.raises(BuildError, match=r"the build: not within 0 s; last: running\nStep 1/2"):
        await builder(acr, seconds=0.1).ensure(PLACE, IMAGE, quiet)


async def test_there_is_a_word_now_and_then(acr: AcrServer) -> None:
    acr.states, said = ["Running"] * 19 + ["Succeeded"], list[str]()
    await builder(acr, word=0).ensure(PLACE, IMAGE, said.append)
    assert said[0] == "mcpgateway: building in the registry"
    assert any("running" in word for word in said)
    assert said[-1] == "mcpgateway: built"


async def test_what_passes_is_asked_again(acr: AcrServer) -> None:
    acr.faults.extend([Answer(503), Answer(429, headers={"Retry-After": "0"}), Answer(500)])
    assert await builder(acr).ensure(PLACE, IMAGE, quiet)


async def test_what_does_not_pass_is_given_up(acr: AcrServer) -> None:
    acr.faults.extend(Answer(503) for _ in range(5))
    with pytest.raises(ArmError, match=r"taskRuns/mcpgateway-[0-9a-f]{12}: 503"):
        await builder(acr).ensure(PLACE, IMAGE, quiet)


async def test_a_refusal_is_said_in_azures_own_words_and_at_once(acr: AcrServer) -> None:
    acr.faults.append(refused(403, "AuthorizationFailed", "The client has no right to do this."))
    with pytest.raises(ArmError, match="403 AuthorizationFailed: The client has no right"):
        await builder(acr).ensure(PLACE, IMAGE, quiet)
    assert len(acr.asked) == 1


async def test_errors_hold_neither_token_nor_signature(acr: AcrServer) -> None:
    with pytest.raises(ArmError, match="401") as no_right:
        await builder(acr, token="another").ensure(PLACE, IMAGE, quiet)
    assert "another" not in str(no_right.value)
    answers = [Answer(404), json({"uploadUrl": f"{acr.endpoint}/blob/x?sig=wrong", "relativePath": "x"})]
    acr.faults.extend(answers)
    with pytest.raises(ArmError, match="upload of mcpgateway: 403 AuthenticationFailed") as no_upload:
        await builder(acr).ensure(PLACE, IMAGE, quiet)
    assert "sig=" not in str(no_upload.value)
    acr.faults.extend([Answer(404), json({"uploadUrl": f"http://127.0.0.1:1/x?{RIGHT}", "relativePath": "x"})])
    with pytest.raises(ArmError, match=r"upload of mcpgateway: cannot be reached \(ClientConnectorError\)") as nowhere:
        await builder(acr).ensure(PLACE, IMAGE, quiet)
    assert "sig=" not in str(nowhere.value)


async def test_a_log_that_is_gone_does_not_hide_the_failure(acr: AcrServer) -> None:
    acr.states = ["Failed"]

    def gone(text: str) -> None:
        """Once the build has begun, nothing but its end can be asked for."""
        result = {"provisioningState": "Failed", "runResult": {"properties": {"runId": "ca1"}}}
        acr.faults.extend([json({"properties": result}), Answer(410)])

    with pytest.raises(BuildError, match=r"mcpgateway: failed\n\(no log: .*410\)"):
        await builder(acr).ensure(PLACE, IMAGE, gone)


async def test_a_log_that_cannot_be_read_does_not_hide_it_either(acr: AcrServer) -> None:
    acr.states, acr.error = ["Failed"], "no such base"
    acr.log_faults.append(Answer(403, headers={"x-ms-error-code": "AuthenticationFailed"}))
    with pytest.raises(BuildError) as failed:
        await builder(acr).ensure(PLACE, IMAGE, quiet)
    assert str(failed.value) == (
        "mcpgateway: failed: no such base\n(no log: the build's log: 403 AuthenticationFailed)"
    )


async def test_a_registry_that_cannot_be_reached_is_named_without_its_url() -> None:
    with AcrServer() as gone:
        made = builder(gone)
    with pytest.raises(ArmError, match=r"taskRuns/.*: cannot be reached \(ClientConnectorError\)"):
        await made.find(PLACE, IMAGE)
