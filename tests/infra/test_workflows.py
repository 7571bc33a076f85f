"""The workflows: what they may do, whose code they run, and that their commands are commands of ours. None is run here."""

import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from infra.bootstrap.script import EPHEMERAL, PREVIEW
from infra.ephemeral.arguments import parser
from tests.cluster import program
from tests.cluster.layout import CLONE

WORKFLOWS = sorted((CLONE / ".github/workflows").glob("*.yml"))
ACTIONS = sorted((CLONE / ".github/actions").glob("*/action.yml"))
AZURE = ("preview", "up-and-smoke", "destroy")
OURS = "github.event.pull_request.head.repo.full_name == github.repository"

type Yaml = Mapping[Any, Any]


def _read(name: str) -> Yaml:
    return yaml.safe_load((CLONE / ".github/workflows" / f"{name}.yml").read_text())


def _jobs() -> Iterator[tuple[str, Yaml, Yaml]]:
    """Each with its workflow."""
    for file in WORKFLOWS:
        workflow = _read(file.stem)
        for name, job in workflow["jobs"].items():
            yield f"{file.stem}/{name}", workflow, job


def _steps() -> Iterator[tuple[str, Yaml]]:
    """Of workflows and of the actions that they share."""
    for name, _, job in _jobs():
        yield from ((name, step) for step in job["steps"])
    for file in ACTIONS:
        yield from ((file.parent.name, step) for step in yaml.safe_load(file.read_text())["runs"]["steps"])


JOBS = [pytest.param(workflow, job, id=name) for name, workflow, job in _jobs()]
STEPS = [pytest.param(step, id=f"{name}-{number}") for number, (name, step) in enumerate(_steps())]
AZURE_JOBS = [pytest.param(workflow, job, id=name) for name, workflow, job in _jobs() if name.split("/")[0] in AZURE]


def test_the_four_are_there() -> None:
    assert {file.stem for file in WORKFLOWS} == {"ci", *AZURE}


@pytest.mark.parametrize("step", STEPS)
def test_no_text_of_others_gets_into_a_shell(step: Yaml) -> None:
    """Whatever an event says is a variable by the time a shell sees it."""
    assert "${{" not in step.get("run", "")


@pytest.mark.parametrize("step", STEPS)
def test_actions_are_few_and_pinned(step: Yaml) -> None:
    used: str = step.get("uses", "./")
    assert used.startswith("./") or re.fullmatch(r"(actions|azure|pulumi)/[a-z-]+@(v[0-9]+|[0-9a-f]{40})", used)
    if used.startswith("actions/checkout"):
        assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize(("workflow", "job"), JOBS)
def test_jobs_have_no_more_rights_than_they_say_and_an_end(workflow: Yaml, job: Yaml) -> None:
    granted = {**workflow["permissions"], **job.get("permissions", {})}
    assert granted.pop("contents", "read") == "read"
    assert granted.keys() <= {"id-token", "pull-requests"}
    assert 0 < job["timeout-minutes"] <= 240
    assert job["runs-on"] == "ubuntu-24.04"


@pytest.mark.parametrize(("workflow", "job"), JOBS)
def test_code_of_forks_never_runs_as_ours(workflow: Yaml, job: Yaml) -> None:
    events = workflow[True]  # `on`, as YAML 1.1 reads it
    assert not {"pull_request_target", "workflow_run", "issue_comment"} & set(events)
    if "id-token" in job.get("permissions", {}) and "pull_request" in events:
        assert OURS in job["if"] or "github.event_name != 'pull_request'" in job["if"]


@pytest.mark.parametrize(("workflow", "job"), AZURE_JOBS)
def test_azure_is_met_without_a_secret_as_the_identity_of_an_environment(workflow: Yaml, job: Yaml) -> None:
    assert workflow["permissions"] == {}
    assert job["permissions"]["id-token"] == "write"
    assert job["environment"] in (PREVIEW, EPHEMERAL)
    assert "vars.AZURE_TENANT_ID != ''" in job["if"]  # nothing fails where nothing was prepared
    prepared = next(step for step in job["steps"] if step.get("uses") == "./.github/actions/azure")
    assert prepared["with"]["client-id"] == "${{ vars.AZURE_CLIENT_ID }}"


def test_what_only_looks_is_not_the_identity_that_builds() -> None:
    assert _read("preview")["jobs"]["preview"]["environment"] == PREVIEW
    builders = [_read("up-and-smoke")["jobs"]["up"], *_read("destroy")["jobs"].values()]
    assert {job["environment"] for job in builders} == {EPHEMERAL}


def test_there_are_no_secrets_in_them() -> None:
    for file in [*WORKFLOWS, *ACTIONS]:
        assert "secrets." not in file.read_text(), file


def test_state_is_in_the_container_and_its_secrets_under_the_key() -> None:
    for name, _, job in _jobs():
        if name.startswith(("up-and-smoke", "destroy")):
            assert job["env"]["PULUMI_BACKEND_URL"] == "${{ vars.PULUMI_BACKEND_URL }}"
            assert job["env"]["PULUMI_SECRETS_PROVIDER"] == "${{ vars.PULUMI_SECRETS_PROVIDER }}"


def test_an_environment_is_never_built_and_destroyed_at_once_nor_cut_short() -> None:
    up, destroy = _read("up-and-smoke")["concurrency"], _read("destroy")["concurrency"]
    assert up["group"] == "ephemeral-${{ github.event.pull_request.number }}"
    assert destroy["group"] == "ephemeral-${{ github.event.pull_request.number || 'sweep' }}"
    assert up["cancel-in-progress"] is destroy["cancel-in-progress"] is False


def test_every_command_of_ephemeral_stacks_is_one() -> None:
    found: list[str] = []
    for _, step in _steps():
        script = step.get("run", "").replace("\\\n", " ")
        for line in script.splitlines():
            if "infra.ephemeral" in line:
                words = shlex.split(line.replace("$STACK", "pr-1"), comments=True)
                given = parser().parse_args(words[words.index("infra.ephemeral") + 1 :])
                found.append(given.command)
    assert sorted(found) == ["destroy", "smoke", "sweep", "up"]


def test_ci_runs_what_contributors_run() -> None:
    assert any(step.get("run") == ".ci/run" for step in _read("ci")["jobs"]["run"]["steps"])


@pytest.mark.infra
def test_actionlint_finds_nothing() -> None:
    checked = subprocess.run(
        [program.actionlint().built(), "-no-color", *WORKFLOWS], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.infra
def test_actionlint_would_find_something() -> None:
    wrong = (
        (CLONE / ".github/workflows/preview.yml").read_text().replace("steps.preview.outcome", "steps.nobody.outcome")
    )
    command = [program.actionlint().built(), "-no-color", "-"]
    checked = subprocess.run(command, input=wrong, cwd=CLONE, capture_output=True, text=True, check=False)
    assert checked.returncode == 1
    assert "nobody" in checked.stdout
