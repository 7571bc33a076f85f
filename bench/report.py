"""The report: a table for people, targets met or missed, and one JSON line for programs. Pure."""

import statistics
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from bench.imports import Cost
from bench.load import Round

OURS, TOLD, TOKENS, NGINX, NAIVE = "gateway", "told", "tokens", "nginx", "naive"


class Figures(msgspec.Struct, frozen=True):
    """The last line. CPU in µs per request; memory in KB (2^10) and MB (2^20). A ratio without a first name is ours ÷ the other.

    `token_…`: ours where it verifies tokens; nginx is not even sent them. `told_…`: ours where a collector gets its telemetry;
    calls are not sampled but for `sampled_us`: what is added to one that is, the sending of two spans included.
    """

    cpu_ratio_nginx: float
    token_ratio_nginx: float
    traced_ratio_nginx: float  # of calls whose heads are all different, for which nothing can be remembered
    token_traced_ratio_nginx: float
    told_ratio: float  # ÷ ours without telemetry
    sampled_us: float
    cpu_ratio_naive: float
    naive_ratio_nginx: float
    cpu_us: float
    told_cpu_us: float
    token_cpu_us: float
    nginx_cpu_us: float
    naive_cpu_us: float
    kb_per_stream: float
    token_kb_per_stream: float
    nginx_kb_per_stream: float
    naive_kb_per_stream: float
    import_ms: float
    import_mb: float
    streams: int
    rounds: int
    seconds: int


class Target(msgspec.Struct, frozen=True):
    """A figure must not be above `limit`."""

    text: str
    figure: str
    limit: float


TARGETS = (
    Target("CPU per request, × nginx", "cpu_ratio_nginx", 3.5),
    Target("… with tokens", "token_ratio_nginx", 3.5),
    Target("KB per idle stream", "kb_per_stream", 25),
    Target("… with tokens", "token_kb_per_stream", 25),
    Target("import of the proxy, MB", "import_mb", 60),
    Target("import of the proxy, ms", "import_ms", 800),
)


def figures(
    rounds: Mapping[str, Sequence[Round]],
    traced: Mapping[str, Sequence[Round]],
    sampled: Mapping[bool, Sequence[Round]],
    memory: Mapping[str, float],
    cost: Cost,
    streams: int,
    seconds: int,
) -> Figures:
    """Medians; a ratio is the median over the rounds, whose runs stand next to each other in time.

    `sampled`: rounds at a slow pace, with and without.
    """
    added = [with_.cpu_us - without.cpu_us for with_, without in zip(sampled[True], sampled[False], strict=True)]
    cpu = {name: statistics.median(one.cpu_us for one in of_one) for name, of_one in rounds.items()}
    return Figures(
        cpu_ratio_nginx=round(ratio(rounds[OURS], rounds[NGINX]), 2),
        token_ratio_nginx=round(ratio(rounds[TOKENS], rounds[NGINX]), 2),
        traced_ratio_nginx=round(ratio(traced[OURS], traced[NGINX]), 2),
        token_traced_ratio_nginx=round(ratio(traced[TOKENS], traced[NGINX]), 2),
        told_ratio=round(ratio(rounds[TOLD], rounds[OURS]), 3),
        sampled_us=round(statistics.median(added), 1),
        cpu_ratio_naive=round(ratio(rounds[OURS], rounds[NAIVE]), 2),
        naive_ratio_nginx=round(ratio(rounds[NAIVE], rounds[NGINX]), 2),
        cpu_us=round(cpu[OURS], 1),
        told_cpu_us=round(cpu[TOLD], 1),
        token_cpu_us=round(cpu[TOKENS], 1),
        nginx_cpu_us=round(cpu[NGINX], 1),
        naive_cpu_us=round(cpu[NAIVE], 1),
        kb_per_stream=round(memory[OURS], 1),
        token_kb_per_stream=round(memory[TOKENS], 1),
        nginx_kb_per_stream=round(memory[NGINX], 1),
        naive_kb_per_stream=round(memory[NAIVE], 1),
        import_ms=round(cost.ms, 1),
        import_mb=round(cost.mb, 1),
        streams=streams,
        rounds=len(rounds[OURS]),
        seconds=seconds,
    )


def ratio(one: Sequence[Round], other: Sequence[Round]) -> float:
    """How many times the CPU of `other` one request costs `one`."""
    return statistics.median(a.cpu_us / b.cpu_us for a, b in zip(one, other, strict=True))


def table(rounds: Mapping[str, Sequence[Round]], memory: Mapping[str, float]) -> Iterator[str]:
    """One line per proxy. Requests per second and the share of a core are information, not figures to compare."""
    yield f"{'':9}{'CPU µs/request':>16}{'(least … most)':>18}{'× nginx':>9}{'KB/stream':>11}{'req/s':>9}{'busy':>7}"
    for name, of_one in rounds.items():
        cpu = [one.cpu_us for one in of_one]
        times = ratio(of_one, rounds[NGINX])
        middle, spread = statistics.median(cpu), f"({min(cpu):.1f} … {max(cpu):.1f})"
        per_second = statistics.median(one.per_second for one in of_one)
        busy = statistics.median(one.busy for one in of_one)
        yield (
            f"{name:9}{middle:16.1f}{spread:>18}{times:9.2f}{memory.get(name, float('nan')):11.1f}{per_second:9,.0f}{busy:7.0%}"
        )


def verdicts(of: Figures) -> Iterator[str]:
    """Each target with what was measured: met or missed."""
    measured: dict[str, float] = msgspec.structs.asdict(of)
    for target in TARGETS:
        value = measured[target.figure]
        verdict = "met" if value <= target.limit else "MISSED"
        yield f"{target.text:28}{value:9.2f}  ≤ {target.limit:<6g} {verdict}"
    yield f"{'× nginx, no two heads alike':28}{of.traced_ratio_nginx:9.2f}"
    yield f"{'… with tokens':28}{of.token_traced_ratio_nginx:9.2f}"
    yield f"{'× ours, with telemetry':28}{of.told_ratio:9.3f}"
    yield f"{'a sampled call adds, µs':28}{of.sampled_us:9.1f}"


def line(of: Figures) -> str:
    """The figures as one line of JSON."""
    return msgspec.json.encode(of).decode()
