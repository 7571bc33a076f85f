"""The official suite finds through an adapter exactly what it finds when it asks the fixture itself."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.conformance.node import Node, installed
from tests.conformance.suite import REVISIONS, Revision, Verdict, judged
from tests.fakes.process import running
from tests.journeys.caller import Caller
from tests.journeys.gateway import Gateway

pytestmark = [pytest.mark.conformance, pytest.mark.asyncio(loop_scope="module")]
OPTIONAL = "tasks-"  # an extension, never scored, and not a part of the official SDK

type Direct = dict[Revision, Verdict]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def node() -> Node:
    """Node, with the suite installed."""
    return await installed()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def direct(node: Node, tmp_path_factory: pytest.TempPathFactory) -> Direct:
    """What the suite finds with nothing between it and the fixture."""
    async with running("everything") as url:
        return {
            revision: await judged(node, url, revision, tmp_path_factory.mktemp("direct")) for revision in REVISIONS
        }


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def operator(gateway: Gateway) -> AsyncGenerator[Caller]:
    """Whoever registers the fixture, for as long as this module runs."""
    async with Caller(gateway.url) as person:
        yield person


@pytest.mark.parametrize("revision", REVISIONS)
async def test_fixture_passes_when_it_is_asked_directly(direct: Direct, revision: Revision) -> None:
    verdict = direct[revision]
    assert verdict.passed, verdict.report
    assert not [check for check in verdict.checks if _failed(check.status) and not check.scenario.startswith(OPTIONAL)]


@pytest.mark.parametrize("replicas", [1, 2])
@pytest.mark.parametrize("revision", REVISIONS)
async def test_suite_finds_the_same_through_an_adapter(
    node: Node, direct: Direct, operator: Caller, tmp_path: Path, revision: Revision, replicas: int
) -> None:
    name = await operator.serving("everything", replicaCount=replicas)
    verdict = await judged(node, f"{operator.url}/adapters/{name}/mcp", revision, tmp_path)
    assert verdict.passed, verdict.report
    assert verdict.checks == direct[revision].checks


def _failed(status: str) -> bool:
    return status in ("FAILURE", "WARNING")
