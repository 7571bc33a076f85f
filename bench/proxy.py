"""The proxy bench: our proxy, nginx and a naive aiohttp proxy side by side in front of one upstream, in one run.

Ours runs three times: it believes one caller, as on one's own machine, the same with telemetry, and it verifies the tokens of
many, as everywhere else.
`./uvw run python -m bench.proxy [--quick]`; needs wrk and nginx. CPU figures and ratios of one run can be compared; requests per second
depend on the machine. The last line is one JSON object.
"""

import argparse
import contextlib
import shutil
import signal
import sys
from collections.abc import Generator

from bench import imports, load, report, streams
from bench.child import HOST, Child, Failed, python
from bench.load import Round
from bench.nginx import nginx
from bench.report import NAIVE, NGINX, OURS, TOKENS, TOLD
from bench.session import ROLE, Session, check, check_ours, check_verified, open_session, open_sessions
from bench.sign_in import Tenant, tenant

_STREAMS = 2000
_FILES = 3 * _STREAMS  # a proxy holds two connections per stream
_PEOPLE = [f"person-{number:02d}" for number in range(32)]
_PACE = 30  # ms between two calls of a connection: about a thousand a second in all
_PROCESS = "proxy.app, gateway.azure.sign_in"  # what the proxy's process imports


def main() -> int:
    """Runs the bench; 1 when something is missing or a reply was wrong. Missed targets are printed, not an error."""
    options = _options()
    if missing := [program for program in ("wrk", "nginx") if not shutil.which(program)]:
        print(f"Not found: {', '.join(missing)}. Install with: apt-get install -y wrk nginx", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, _terminate)
    try:
        _bench(rounds=3 if options.quick else 9, seconds=1 if options.quick else 2)
    except Failed as error:
        print(f"No figures: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _terminate(number: int, _: object) -> None:
    sys.exit(128 + number)  # unwinds, so that no child stays


class _Options(argparse.Namespace):
    quick: bool


def _options() -> _Options:
    parser = argparse.ArgumentParser(prog="python -m bench.proxy", description="CPU and memory of the proxy.")
    parser.add_argument("--quick", action="store_true", help="3 rounds of 1 s instead of 9 of 2 s")
    return parser.parse_args(namespace=_Options())


def _bench(rounds: int, seconds: int) -> None:
    if streams.allow_files(_FILES) < _FILES:
        raise Failed(f"{_FILES:,} open files are needed: raise the hard limit (ulimit -Hn).")
    cost = imports.cost(_PROCESS)
    with python("upstream", "bench.upstream") as upstream, tenant(_PEOPLE, [ROLE]) as known:
        memory = _memory(upstream.port, known)
        measured, traced, sampled = _cpu(upstream.port, known, rounds, seconds)
    figures = report.figures(measured, traced, sampled, memory, cost, _STREAMS, seconds)
    print()
    print(*report.table(measured, memory), "", *report.verdicts(figures), "", sep="\n")
    print(report.line(figures), flush=True)


def _memory(upstream: int, known: Tenant) -> dict[str, float]:
    """KB per idle stream of each proxy, one after the other, each in a new process."""
    _say(f"memory of {_STREAMS:,} idle streams …")
    kilobytes: dict[str, float] = {}
    for name in (OURS, TOKENS, NGINX, NAIVE):
        with _proxy(name, upstream, known) as child:
            kilobytes[name] = streams.kb_per_stream(_session(child, known), _STREAMS)
    return kilobytes


def _cpu(
    upstream: int, known: Tenant, rounds: int, seconds: int
) -> tuple[dict[str, list[Round]], dict[str, list[Round]], dict[bool, list[Round]]]:
    """Rounds of each proxy in turn, so that what disturbs the machine disturbs all; then traced calls, no two heads alike;
    then, at a slow pace, calls that are sampled and calls that are not."""
    with contextlib.ExitStack() as stack:
        children = [stack.enter_context(_proxy(name, upstream, known)) for name in (OURS, TOLD, TOKENS, NGINX, NAIVE)]
        sessions = {child.name: _session(child, known) for child in children}
        check_ours(sessions[OURS])
        check_verified(sessions[TOKENS])
        for session in sessions.values():
            load.run(session, 1)  # warm: connections pooled, code specialised
        measured = _rounds(sessions, rounds, seconds)
        fastest = {name: sessions[name] for name in (OURS, TOKENS, NGINX)}
        traced = _rounds(fastest, max(3, rounds // 2), seconds, traced=True)
        sampled = _sampled(sessions[TOLD], max(3, rounds // 2), seconds)
        for session in sessions.values():
            check(session.child, session.headers)
        return measured, traced, sampled


def _sampled(session: Session, rounds: int, seconds: int) -> dict[bool, list[Round]]:
    measured: dict[bool, list[Round]] = {False: [], True: []}
    for number in range(1, rounds + 1):
        for sampled, of in measured.items():
            of.append(load.run(session, 2 * seconds, sampled=sampled, pace=_PACE))  # spans are sent once a second
        _say(f"sampled round {number}/{rounds}: {measured[True][-1].cpu_us - measured[False][-1].cpu_us:.1f} µs more")
    return measured


def _rounds(sessions: dict[str, Session], rounds: int, seconds: int, *, traced: bool = False) -> dict[str, list[Round]]:
    measured: dict[str, list[Round]] = {name: [] for name in sessions}
    for number in range(1, rounds + 1):
        for name, session in sessions.items():
            measured[name].append(load.run(session, seconds, traced=traced))
        _say(
            f"{'traced ' if traced else ''}round {number}/{rounds}: "
            + ", ".join(f"{name} {of[-1].cpu_us:.1f} µs" for name, of in measured.items())
        )
    return measured


def _session(child: Child, known: Tenant) -> Session:
    """nginx and the naive one are spared the token, which is longer than all the rest of a head."""
    return open_sessions(child, known.proofs) if child.name == TOKENS else open_session(child)


@contextlib.contextmanager
def _proxy(name: str, upstream: int, known: Tenant) -> Generator[Child]:
    match name:
        case "nginx":
            started = nginx(upstream, _FILES)
        case "told":
            started = _told(upstream)
        case "tokens":
            started = python(name, "bench.gateway", upstream, known.variables)
        case _:
            started = python(name, f"bench.{name}", upstream)
    with started as child:
        yield child


@contextlib.contextmanager
def _told(upstream: int) -> Generator[Child]:
    """Ours, with a collector beside it."""
    with python("collector", "bench.collector") as collector:
        variables = f'{{"OTEL_EXPORTER_OTLP_ENDPOINT":"http://{HOST}:{collector.port}"}}'
        with python(TOLD, "bench.gateway", upstream, variables) as child:
            yield child


def _say(text: str) -> None:
    """Progress goes to stderr: the report is all that stdout carries."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
