"""The official suite at `/mcp`: all that it has for a server of tools, through a proxy with two routers behind it."""

from collections import Counter
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio

from gateway.view import View
from tests.conformance.node import Node, installed
from tests.conformance.routers import routed
from tests.conformance.suite import REVISIONS, Revision, examined, scenarios
from tests.conformance.toolbox import toolbox
from tests.conformance.tools_only import CHECKS_LEFT_OUT, LEFT_OUT, SERVED

pytestmark = [pytest.mark.conformance, pytest.mark.asyncio(loop_scope="module")]
ROUTERS = 2
GENERAL = "wire-schema-valid"  # of every scenario: that its messages are of the schema


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def node() -> Node:
    """Node, with the suite installed."""
    return await installed()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def url() -> AsyncGenerator[str]:
    """`/mcp`, with the suite's tools behind it."""
    view = View(synced=True)
    async with toolbox(view), routed(view, ROUTERS) as address:
        yield address


@pytest.mark.parametrize("revision", REVISIONS)
async def test_every_scenario_of_the_suite_is_either_served_or_left_out_for_a_reason(
    node: Node, revision: Revision
) -> None:
    decided = Counter([*SERVED[revision], *LEFT_OUT[revision]])
    assert decided == Counter(await scenarios(node, revision))


@pytest.mark.parametrize(
    ("revision", "scenario"), [(revision, scenario) for revision in REVISIONS for scenario in SERVED[revision]]
)
async def test_scenario_passes(node: Node, url: str, tmp_path: Path, revision: Revision, scenario: str) -> None:
    verdict = await examined(node, url, revision, scenario, tmp_path)
    failed = {check.id for check in verdict.checks if check.status in ("FAILURE", "WARNING")}
    assert failed == CHECKS_LEFT_OUT.get(scenario, {}).keys(), verdict.report
    assert verdict.passed or failed, verdict.report
    assert [check for check in verdict.checks if check.status == "SUCCESS" and check.id != GENERAL], verdict.report
