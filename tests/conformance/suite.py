"""The official conformance suite, run against one URL: what it checked, in order. Judges nothing."""

import re
from pathlib import Path
from typing import Literal

import msgspec

from tests.conformance.node import Node

MAIN = "node_modules/@modelcontextprotocol/conformance/dist/index.js"
LONGEST = 180.0  # seconds for a whole run; three is normal

type Revision = Literal["2025-11-25", "2026-07-28"]
REVISIONS: tuple[Revision, ...] = ("2025-11-25", "2026-07-28")


class Check(msgspec.Struct, frozen=True):
    """One check of one scenario; `status` is the suite's own word."""

    scenario: str
    id: str
    status: str


class Verdict(msgspec.Struct, frozen=True):
    """A run: `passed` is the suite's own judgement of all that is scored for the revision."""

    passed: bool
    checks: tuple[Check, ...]
    report: str


class _Entry(msgspec.Struct):
    id: str
    status: str


async def judged(node: Node, url: str, revision: Revision, results: Path) -> Verdict:
    """Runs all that `revision` requires of a server; no failure is expected, so no list of them is handed over."""
    done = await node.run(
        MAIN, "server", "--url", url, "--requirements", revision, "--output-dir", results, seconds=LONGEST
    )
    return Verdict(done.code == 0, _checks(results), done.out + done.err)


async def examined(node: Node, url: str, revision: Revision, scenario: str, results: Path) -> Verdict:
    """Runs one scenario, at the wire of `revision`."""
    chosen = ("--scenario", scenario, "--spec-version", revision)
    done = await node.run(MAIN, "server", "--url", url, *chosen, "--output-dir", results, seconds=LONGEST)
    return Verdict(done.code == 0, _checks(results), done.out + done.err)


async def scenarios(node: Node, revision: Revision) -> frozenset[str]:
    """Every scenario that the suite has for a server of `revision`, scored or not."""
    done = await node.run(MAIN, "list", "--requirements", revision, seconds=LONGEST)
    scored = re.search(r"^Server scenarios.*\n((?: +- \S+\n)+)", done.out, re.MULTILINE)
    assert scored, done.out + done.err
    unscored = re.findall(r"^ +- (\S+) \[server\]$", done.out, re.MULTILINE)
    return frozenset([*re.findall(r"- (\S+)", scored[1]), *unscored])


def _checks(results: Path) -> tuple[Check, ...]:
    found: list[Check] = []
    for file in sorted(results.glob("*/checks.json")):
        scenario = _scenario(file.parent.name)
        entries = msgspec.json.decode(file.read_bytes(), type=list[_Entry])
        found += [Check(scenario, entry.id, entry.status) for entry in entries]
    return tuple(sorted(found, key=lambda check: check.scenario))


def _scenario(folder: str) -> str:
    """`server-ping-2026-11-22T16-59-14-779Z` → `ping`."""
    return folder.removeprefix("server-").rpartition("T")[0][: -len("-2026-11-22")]
