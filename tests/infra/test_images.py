"""The images of a stack: built once, by `up` only, and known by digest. Over real HTTP against a small registry."""

import re
from collections.abc import Generator
from functools import partial

import msgspec
import pulumi
import pytest

from infra.image_build.task_runs import TaskRuns
from infra.images import Images, ImagesArgs, Where
from infra.registry import Registry, RegistryArgs
from infra.waiting import Patience
from tests.azure.acr_server import TOKEN, AcrServer
from tests.infra.asked import GROUP, INSIDE, Asked, site
from tests.infra.standins.ids import group
from tests.infra.standins.wire import UNKNOWN, Json

REGISTRY = f"{group(GROUP)}/providers/Microsoft.ContainerRegistry/registries/mgregteam"
SAMPLES = {"mcp-example", "weather-tool", "mcp-proxy"}
NAMES = {"mcpgateway", "toolgateway", *SAMPLES}


@pytest.fixture
def acr() -> Generator[AcrServer]:
    with AcrServer(REGISTRY) as made:
        yield made


async def token_for(scope: str) -> str:
    return TOKEN


class There(msgspec.Struct, frozen=True):
    """A registry that an earlier `up` made."""

    id: pulumi.Output[str]
    login_server: pulumi.Output[str]
    agent_pool: pulumi.Output[str] | None = None


def program(acr: AcrServer, *, private: bool = False, samples: bool = True, base: str | None = None) -> None:
    export(acr, Registry("registry", RegistryArgs(site=site(private=private), inside=INSIDE)), samples, base)


def there(acr: AcrServer) -> None:
    known = pulumi.Output.from_input
    export(acr, There(known(REGISTRY), known("mgregteam.azurecr.io")), samples=False)


def export(acr: AcrServer, registry: Where, samples: bool, base: str | None = None) -> None:
    builder = TaskRuns(token_for, acr.endpoint, patience=Patience(seconds=20, pause=0.005))
    made = Images("images", ImagesArgs(registry=registry, builder=builder, samples=samples, base=base))
    pulumi.export("images", {**made.platform, **made.samples})


def references(asked: Asked) -> Json:
    stack = next(one for one in asked.all if one.type == "pulumi:pulumi:Stack")
    return stack.outputs["images"]


def test_up_builds_all_of_them_and_knows_each_by_digest(acr: AcrServer) -> None:
    found = references(Asked(partial(program, acr)))
    assert set(found) == NAMES
    for name, reference in found.items():
        assert re.fullmatch(rf"mgregteam\.azurecr\.io/{name}@sha256:[0-9a-f]{{64}}", reference)


def test_a_second_up_builds_nothing_and_finds_the_same(acr: AcrServer) -> None:
    first = references(Asked(partial(program, acr)))
    acr.asked.clear()
    assert references(Asked(partial(program, acr))) == first
    assert {request.partition(" ")[0] for request in acr.asked} == {"GET"}


def test_a_preview_of_a_new_stack_asks_for_nothing(acr: AcrServer) -> None:
    Asked(partial(program, acr), preview=True)
    assert not acr.asked


def test_a_preview_builds_nothing_and_does_not_know_what_was_not_built(acr: AcrServer) -> None:
    found = references(Asked(partial(there, acr), preview=True))
    assert found is UNKNOWN or set(found.values()) == {UNKNOWN}
    assert {request.partition(" ")[0] for request in acr.asked} == {"GET"}
    assert not acr.sent


def test_a_preview_knows_what_was_built(acr: AcrServer) -> None:
    built = references(Asked(partial(there, acr)))
    assert references(Asked(partial(there, acr), preview=True)) == built


def test_samples_have_the_tag_by_which_they_are_registered(acr: AcrServer) -> None:
    Asked(partial(program, acr))
    tagged = [image for run in acr.task_runs.values() for image in run.request["imageNames"]]
    assert {image.partition(":")[0] for image in tagged if image.endswith(":1.0.0")} == SAMPLES


def test_samples_can_be_left_out(acr: AcrServer) -> None:
    assert set(references(Asked(partial(program, acr, samples=False)))) == {"mcpgateway", "toolgateway"}


def test_a_context_holds_the_rooms_of_its_image(acr: AcrServer) -> None:
    Asked(partial(program, acr, samples=False))
    files = {run.request["dockerFilePath"]: acr.files(run) for run in acr.task_runs.values()}
    assert "proxy/__main__.py" in files["proxy/Dockerfile"]
    assert "tool_router/__main__.py" in files["tool_router/Dockerfile"]
    assert not [name for name in files["proxy/Dockerfile"] if name.startswith("tool_router/")]


def test_another_base_is_handed_on_and_is_another_image(acr: AcrServer) -> None:
    first = references(Asked(partial(program, acr, samples=False)))
    other = references(Asked(partial(program, acr, samples=False, base="registry.example.com/python:3.13")))
    assert first["mcpgateway"] != other["mcpgateway"]
    arguments = [run.request["arguments"] for run in acr.task_runs.values() if run.request["arguments"]]
    assert arguments == [[{"name": "BASE", "value": "registry.example.com/python:3.13", "isSecret": False}]] * 2


@pytest.mark.parametrize(("private", "pool"), [(False, None), (True, "builds")])
def test_images_of_a_private_registry_are_built_inside(acr: AcrServer, private: bool, pool: str | None) -> None:
    Asked(partial(program, acr, samples=False, private=private))
    assert {run.request.get("agentPoolName") for run in acr.task_runs.values()} == {pool}


def test_a_failed_build_fails_the_program_with_its_log(acr: AcrServer) -> None:
    acr.states[-1], acr.log = "Failed", b"ERROR: no such package\n"
    with pytest.raises(Exception, match=r"mcpgateway: failed|toolgateway: failed") as failed:
        Asked(partial(program, acr, samples=False))
    assert "ERROR: no such package" in str(failed.value)
