"""The router bench: our tool router beside a server on the official SDK: the same 1,000 tools, the same HTTP tool behind both, one run.

Calls come to ours as the proxy sends them on, and once more through a proxy that verifies the caller's token.
`./uvw run python -m bench.router [--quick]`; needs wrk. CPU figures and ratios of one run can be compared; those of another
machine cannot. The last line is one JSON object. Exits 1 where a target is missed, so that CI sees it.
"""

import argparse
import contextlib
import shutil
import signal
import sys
from collections.abc import Callable, Sequence

import msgspec

from bench import changes, cpu, imports, pages, router_report, sheets
from bench.asks import Ask, begin, call, check_call, check_list, modern, outside, sampled
from bench.child import HOST, Child, Failed, python
from bench.flatness import flatness
from bench.router_report import (
    CALL,
    EDGE,
    FRESH,
    LEGACY,
    LIST,
    NAMES,
    SAMPLED,
    SDK_CALL,
    SDK_LIST,
    SLOW,
    TOKEN,
    TOLD,
)
from bench.sign_in import tenant
from bench.tools import CALLED, COUNT, ROLE
from bench.trail import Gateway, gateway

_PACE = 30  # ms between two calls of a connection: about a thousand a second in all


class _Extent(msgspec.Struct, frozen=True):
    """How much is measured. `pages` and `sdk_pages` in each round; `calls` for the memory."""

    rounds: int
    seconds: int
    pages: int
    sdk_pages: int
    calls: int
    streams: int
    changes: int
    imports: int


_FULL = _Extent(rounds=7, seconds=2, pages=200, sdk_pages=12, calls=100_000, streams=200, changes=20, imports=5)
_QUICK = _Extent(rounds=3, seconds=1, pages=40, sdk_pages=4, calls=5_000, streams=200, changes=5, imports=1)


def main() -> int:
    """Runs the bench; 1 where wrk is missing, a reply was wrong or (whole runs: a second says too little) a target is missed."""
    options = _options()
    if not shutil.which("wrk"):
        print("Not found: wrk. Install with: apt-get install -y wrk", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, _terminate)
    try:
        return 0 if _bench(_QUICK if options.quick else _FULL) or options.quick else 1
    except Failed as error:
        print(f"No figures: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _terminate(number: int, _: object) -> None:
    sys.exit(128 + number)  # unwinds, so that no child stays


class _Options(argparse.Namespace):
    quick: bool


def _options() -> _Options:
    parser = argparse.ArgumentParser(prog="python -m bench.router", description="CPU and memory of the tool router.")
    parser.add_argument("--quick", action="store_true", help="half a minute instead of three: fewer and shorter rounds")
    return parser.parse_args(namespace=_Options())


def _bench(extent: _Extent) -> bool:
    """Whether every target was met."""
    cost = imports.cost("tool_router.app", extent.imports)
    with contextlib.ExitStack() as stack:
        tool = stack.enter_context(python("tool", "bench.tool_server"))
        sdk = stack.enter_context(python("sdk", "bench.sdk_server", tool.port))
        router = stack.enter_context(gateway(tool.port, COUNT))
        collector = stack.enter_context(python("collector", "bench.collector"))
        told = stack.enter_context(gateway(tool.port, COUNT, f"http://{HOST}:{collector.port}"))
        known = stack.enter_context(tenant(["user-0000"], ["mcp.engineer", ROLE]))
        edge = stack.enter_context(python("proxy", "bench.edge", router.child.port, known.variables))
        trial = _Trial(router, told, _Door(edge, known.proofs[0]), sdk, extent)
        measured = trial.rounds()
        delays = changes.delays(router, extent.streams, extent.changes)
        _say(f"memory over {extent.calls:,} calls …")
        flat = flatness(tool.port, extent.calls)
    figures = router_report.figures(measured, trial.page, flat, delays, extent.streams, cost)
    print()
    print(*router_report.table(measured, flat), "", *router_report.verdicts(figures), "", sep="\n")
    print(router_report.line(figures), flush=True)
    return router_report.all_met(figures)


class _Door(msgspec.Struct, frozen=True):
    """Our proxy in front of the router, and what a caller shows there."""

    child: Child
    proof: dict[str, str]


class _Trial:
    """Our router, with and without the proxy before it, and the SDK's server: all checked once, and what is measured of them."""

    def __init__(self, router: Gateway, told: Gateway, door: _Door, sdk: Child, extent: _Extent) -> None:
        """Raises Failed where a reply is not the right one."""
        self._router = router
        self._told = told
        self._door = door
        self._extent = extent
        self._session = begin(router.child)
        self._page, self._sdk_page = (len(check_list(of, modern("tools/list")).body) for of in (router.child, sdk))
        own = router.child
        self._kinds: tuple[Callable[[], dict[str, float]], ...] = (
            lambda: {CALL: self._audited(own, _calls())[own.name]},
            lambda: {LEGACY: self._audited(own, _calls(self._session))[own.name]},
            lambda: {TOLD: self._audited(told.child, _calls(), told)[told.child.name]},
            self._slowly,
            self._verified,
            lambda: {SDK_CALL: self._used(sdk, _calls())[sdk.name]},
            lambda: {LIST: self._pages(own, extent.pages, self._page)},
            lambda: {FRESH: self._pages(own, extent.pages, self._page, router.change)},
            lambda: {SDK_LIST: self._pages(sdk, extent.sdk_pages, self._sdk_page)},
        )

    @property
    def page(self) -> int:
        """Bytes of our page of all tools."""
        return self._page

    def rounds(self) -> dict[str, list[float]]:
        """CPU in ms per request. Each kind in turn, so that what disturbs the machine disturbs all; the first round is to warm up."""
        measured: dict[str, list[float]] = {name: [] for name in NAMES}
        for number in range(self._extent.rounds + 1):
            for kind in self._kinds:
                for name, used in kind().items():
                    measured[name].append(used)
            last = ", ".join(f"{name} {of[-1]:.3f} ms" for name, of in measured.items())
            _say(f"round {number}/{self._extent.rounds}: {last}" if number else f"warm: {last}")
        return {name: of[1:] for name, of in measured.items()}

    def _verified(self) -> dict[str, float]:
        """Of both, for calls that a caller with a token sends to the proxy."""
        used = self._audited(self._door.child, [outside(ask, self._door.proof) for ask in _calls()])
        return {TOKEN: used[self._router.child.name], EDGE: used[self._door.child.name]}

    def _slowly(self) -> dict[str, float]:
        """At a pace at which no span is dropped: calls that are not sampled, and calls that are."""
        told = self._told
        calls = _calls()
        slow = self._audited(told.child, calls, told, pace=_PACE)[told.child.name]
        traced = self._audited(told.child, [sampled(ask) for ask in calls], told, pace=_PACE)[told.child.name]
        return {SLOW: slow, SAMPLED: traced}

    def _audited(
        self, at: Child, asks: Sequence[Ask], router: Gateway | None = None, pace: int = 0
    ) -> dict[str, float]:
        """Of our router, however it is reached: one audit line per call, no more and no less."""
        router = router or self._router
        router.lines()
        before = router.requests()
        used = self._used(at, asks, router.child, pace=pace)
        results = router.calls_since(before)
        if set(results) - {"ok", "cancelled"}:  # those under way when wrk hung up were cancelled
            raise Failed(f"{at.name}: calls ended with {dict(results)}.")
        return used

    def _used(self, at: Child, asks: Sequence[Ask], *behind: Child, pace: int = 0) -> dict[str, float]:
        """CPU in ms per call of whom is asked, and of those behind it, by name."""
        length = len(check_call(at, asks[0]).body)
        children = {child.name: child.pid for child in (at, *behind)}
        before = {name: cpu.seconds(pid) for name, pid in children.items()}
        seconds = max(2, self._extent.seconds) if pace else self._extent.seconds  # spans are sent once a second
        summary = sheets.load(at, asks, seconds, length=length, pace=pace)
        return {name: (cpu.seconds(pid) - before[name]) / summary.requests * 1000 for name, pid in children.items()}

    def _pages(self, server: Child, count: int, length: int, change: Callable[[], object] = lambda: None) -> float:
        before = cpu.seconds(server.pid)
        pages.read(server, count, length, change)
        return (cpu.seconds(server.pid) - before) / count * 1000


def _calls(session: str = "") -> list[Ask]:
    return [call(tool, session=session) for tool in CALLED]


def _say(text: str) -> None:
    """Progress goes to stderr: the report is all that stdout carries."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
