"""The router's report: a table for people, targets met or missed, and one JSON line for programs. Pure."""

import statistics
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from bench.changes import Delays
from bench.flatness import Flatness
from bench.imports import Cost

CALL, LEGACY, LIST, FRESH = "call", "call, legacy", "list", "list, fresh"
TOKEN, EDGE = "call, token", "… its proxy"
TOLD, SLOW, SAMPLED = "call, told", "… slowly", "… sampled"
SDK_CALL, SDK_LIST = "sdk call", "sdk list"
NAMES = (CALL, LEGACY, TOLD, SLOW, SAMPLED, TOKEN, EDGE, SDK_CALL, LIST, FRESH, SDK_LIST)

type Rounds = Mapping[str, Sequence[float]]


class Figures(msgspec.Struct, frozen=True):
    """The last line. `…_ms` of calls and lists: CPU (user and system) of the server's process per request.

    `call_told_ms`: where a collector gets metrics and audit events; `sampled_ms`: what is added to a call whose trace is recorded,
    the sending of two spans included. `call_token_ms`: of the router, for calls that come through a proxy that verifies tokens;
    what that one needs is `edge_ms`.
    `list_changed_ms` is time that passes, of the median and of the worst stream. MB and KB are 2^20 and 2^10 bytes.
    """

    call_ms: float
    call_legacy_ms: float
    call_told_ms: float
    sampled_ms: float
    call_token_ms: float
    edge_ms: float
    list_1000_ms: float
    list_fresh_ms: float  # each page after a change of a card, the change included
    times_cheaper_than_sdk: float
    sdk_call_ms: float
    sdk_list_1000_ms: float
    list_kb: float
    grown_kb: float
    grown_late_kb: float  # of that, in the second half of the calls
    resident_mb: float
    calls: int
    list_changed_ms: float
    list_changed_worst_ms: float
    streams: int
    import_ms: float
    import_mb: float
    rounds: int


class Target(msgspec.Struct, frozen=True):
    """A figure must be within `least` and `most`."""

    text: str
    figure: str
    most: float = float("inf")
    least: float = float("-inf")


TARGETS = (
    Target("CPU per call, ms", "call_ms", most=0.25),
    Target("… with tokens", "call_token_ms", most=0.25),
    Target("CPU per page of 1,000, ms", "list_1000_ms", most=3),
    Target("times cheaper than the SDK's", "times_cheaper_than_sdk", least=4),
    # 1,024 heads of 3 KB may still be on their way into memory in the first half; nothing is in the second.
    Target("memory grown late, KB", "grown_late_kb", most=1023),
)


def figures(rounds: Rounds, page_bytes: int, flat: Flatness, delays: Delays, streams: int, cost: Cost) -> Figures:
    """Medians; the ratio is the median over the rounds, whose runs stand next to each other in time."""
    middle = {name: statistics.median(of_one) for name, of_one in rounds.items()}
    added = [sampled - slow for sampled, slow in zip(rounds[SAMPLED], rounds[SLOW], strict=True)]
    times = [sdk / ours for sdk, ours in zip(rounds[SDK_CALL], rounds[CALL], strict=True)]
    return Figures(
        call_ms=round(middle[CALL], 4),
        call_legacy_ms=round(middle[LEGACY], 4),
        call_told_ms=round(middle[TOLD], 4),
        sampled_ms=round(statistics.median(added), 4),
        call_token_ms=round(middle[TOKEN], 4),
        edge_ms=round(middle[EDGE], 4),
        list_1000_ms=round(middle[LIST], 3),
        list_fresh_ms=round(middle[FRESH], 3),
        times_cheaper_than_sdk=round(statistics.median(times), 2),
        sdk_call_ms=round(middle[SDK_CALL], 4),
        sdk_list_1000_ms=round(middle[SDK_LIST], 2),
        list_kb=round(page_bytes / 1024, 1),
        grown_kb=round(flat.grown_kb),
        grown_late_kb=round(flat.late_kb),
        resident_mb=round(flat.resident_mb, 1),
        calls=flat.calls,
        list_changed_ms=round(delays.median, 2),
        list_changed_worst_ms=round(delays.worst, 2),
        streams=streams,
        import_ms=round(cost.ms, 1),
        import_mb=round(cost.mb, 1),
        rounds=len(rounds[CALL]),
    )


def table(rounds: Rounds, flat: Flatness) -> Iterator[str]:
    """One line per kind of request."""
    yield f"{'':14}{'CPU ms':>10}   (least … most)"
    for name in NAMES:
        of_one = rounds[name]
        yield f"{name:14}{statistics.median(of_one):10.3f}   ({min(of_one):.3f} … {max(of_one):.3f})"
    results = ", ".join(f"{count:,} {result}" for result, count in sorted(flat.results.items()))
    yield f"\nmemory: {flat.resident_mb:.1f} MB after {flat.calls:,} calls ({results}), lists and cursors among them"


def verdicts(of: Figures) -> Iterator[str]:
    """Each target with what was measured: met or missed."""
    for target in TARGETS:
        limit = f"≤ {target.most:g}" if target.most != float("inf") else f"≥ {target.least:g}"
        yield f"{target.text:30}{_measured(of, target):9.2f}  {limit:<8} {'met' if _met(of, target) else 'MISSED'}"
    yield f"{'… in all, KB':30}{of.grown_kb:9.2f}"
    yield f"{'a call with telemetry, ms':30}{of.call_told_ms:9.3f}  a sampled one {of.sampled_ms:.3f} more"
    yield f"{'told of a change, ms':30}{of.list_changed_ms:9.2f}  worst {of.list_changed_worst_ms:.2f}, {of.streams} streams"
    yield f"{'import tool_router.app':30}{of.import_ms:9.0f}  ms, {of.import_mb:.0f} MB"


def all_met(of: Figures) -> bool:
    """Whether no target was missed."""
    return all(_met(of, target) for target in TARGETS)


def line(of: Figures) -> str:
    """The figures as one line of JSON."""
    return msgspec.json.encode(of).decode()


def _met(of: Figures, target: Target) -> bool:
    return target.least <= _measured(of, target) <= target.most


def _measured(of: Figures, target: Target) -> float:
    return msgspec.structs.asdict(of)[target.figure]
