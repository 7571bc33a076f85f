"""Flatness: whether the router's memory stays as it is over very many calls of every kind. One fresh process per figure."""

import asyncio
from collections import Counter
from collections.abc import Iterator

import msgspec

from bench import cpu, sheets, strays
from bench.asks import Ask, begin, call, legacy, modern, post
from bench.child import Child, Failed
from bench.strays import Sessions
from bench.tools import CALLED, COUNT
from bench.trail import Gateway, gateway

_CALLERS = 40
_WARM = 10_000  # each of the requests below several times: what the router remembers is bounded, and there by then
_PAGE = 100
_STRAYS = 4  # kinds


class Flatness(msgspec.Struct, frozen=True):
    """`grown_kb` (1,024 bytes): resident memory after `calls` more calls than the first 10,000, less what it was after those.

    `late_kb`: what of that came in the second half. A leak grows in both alike; what settles does not.
    """

    calls: int
    resident_mb: float
    grown_kb: float
    late_kb: float
    results: dict[str, int]


def flatness(upstream: int, calls: int) -> Flatness:
    """Calls of both eras; misfits, unknown and cancelled ones, lists and cursors among them. Raises Failed."""
    with gateway(upstream, _PAGE) as router:
        sessions = Sessions([begin(router.child, caller) for caller in range(_CALLERS)])
        asks = list(_asks(router.child, sessions))
        _churn(router, sessions, asks, _WARM)
        pid = router.child.pid
        before = cpu.resident(pid)
        results = _churn(router, sessions, asks, calls // 2)
        middle = cpu.resident(pid)
        results += _churn(router, sessions, asks, calls // 2)
        after = cpu.resident(pid)
    return Flatness(results.total(), after / 2**20, (after - before) / 1024, (after - middle) / 1024, dict(results))


def _churn(router: Gateway, sessions: Sessions, asks: list[Ask], calls: int) -> Counter[str]:
    """At least so many calls; the audit lines of them by result."""
    each = max(12, calls // 400)
    asyncio.run(_both(router.child, sessions, asks, calls, each))
    lines = router.lines()
    if lines["unknown"] != 2 * each or lines["cancelled"] < 2 * each or not lines["invalid"] or lines.total() < calls:
        raise Failed(f"{router.child.name}: {4 * each} strays among {calls:,} calls left {dict(lines)}.")
    return lines


async def _both(child: Child, sessions: Sessions, asks: list[Ask], calls: int, each: int) -> None:
    share = sum('"tools/call"' in ask.body for ask in asks) / len(asks)
    await asyncio.gather(
        asyncio.to_thread(sheets.load_times, child, asks, round(calls / share)),
        asyncio.to_thread(strays.send, child, sessions, each),
    )


def _asks(child: Child, sessions: Sessions) -> Iterator[Ask]:
    """What wrk sends in turn: all that ends with status 200."""
    cursors = list(_cursors(child))
    for caller, session in enumerate(sessions.ids):
        for turn, tool in enumerate(CALLED):
            yield call(tool, caller, fits=turn != 3)
            yield call(tool, caller, session=session, fits=turn != 7)
        yield modern("tools/list", caller)
        yield legacy("tools/list", session, caller)
        yield modern("tools/list", 0, cursor=cursors[caller % len(cursors)])


def _cursors(child: Child) -> Iterator[str]:
    """Of all pages but the first, for caller 0. Raises Failed where there are not as many as there must be."""
    ask, count = modern("tools/list"), 0
    while cursor := post(child, ask).result.get("nextCursor"):
        count += 1
        yield cursor
        ask = modern("tools/list", cursor=cursor)
    if count != COUNT // _PAGE - 1:
        raise Failed(f"{child.name}: {count} cursors for {COUNT} tools, {_PAGE} a page.")
