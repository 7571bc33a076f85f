"""Exporting: the telemetry of one process, put together: what is noted, the threads that send it, and their end.

The SDK is loaded only where the variables say where to. How things get out of the way of requests is `gateway.outbox`; the
SDK's own batches are not used, because their end can take half a minute, and because what they drop is not counted.

    with exporting(variables, "proxy") as telemetry:

A process that nobody closes, such as an Azure Functions app, has `started` instead.
"""

import logging
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Protocol, Self
from urllib.parse import urlsplit

import msgspec

from gateway.audit import Event
from gateway.outbox import END, Outbox
from gateway.telemetry import instruments as its
from gateway.telemetry import otlp
from gateway.telemetry.destinations import Destinations, collector
from gateway.telemetry.lines import Line, Lines
from gateway.telemetry.meter import Meter
from gateway.telemetry.overheard import overheard
from gateway.telemetry.pulse import Pulse
from gateway.telemetry.readings import Reading
from gateway.telemetry.sending import Sending, Signal
from gateway.telemetry.span import Span, Tracer

SCOPE = "gateway.telemetry"


class Telemetry(msgspec.Struct, frozen=True):
    """What a process notes things with. Nothing of it waits or fails; `meter` may be told of counters that nobody reads.

    `export` takes audit events, `put` spans; None: they are sent nowhere, so nobody need make them.
    """

    meter: Meter
    export: Callable[[Event], None] | None = None
    put: Callable[[Span], None] | None = None

    def tracer(self, scope: str) -> Tracer | None:
        """What a room notes spans with; None where they are sent nowhere."""
        return Tracer(scope, self.put) if self.put is not None else None


def off() -> Telemetry:
    """Notes nothing."""
    return Telemetry(Meter())


@contextmanager
def exporting(variables: Mapping[str, str], service: str = "mcp-gateway") -> Generator[Telemetry]:
    """Telemetry to the collector that the variables name, while the block runs. Its end takes two seconds at most.

    `service` is the resource's `service.name` unless they say another. Raises SettingsError.
    """
    where = collector(variables)
    if not where.anywhere:
        yield off()
        return
    sending = Sending(lambda: otlp.exporters(where), variables, service, deltas=where.deltas)
    sending.ready()  # now: whoever waits for a process to start expects it to take a moment
    with sent(sending, where) as telemetry:
        yield telemetry


@contextmanager
def sent(sending: Sending, where: Destinations) -> Generator[Telemetry]:
    """Telemetry whose threads run while the block does."""
    with overheard(_secrets(where)) as words:
        senders, meter = _Senders(sending), Meter()
        spans = Outbox[Span]("spans", sending.spans, words) if where.traces else None
        logs = Outbox[Event | Line]("audit events and log lines", sending.logs, words) if where.logs else None
        if spans is not None:
            senders.add("traces", spans)
        if logs is not None:
            senders.add("logs", logs)
        if where.metrics:
            meter.watch(SCOPE, lambda: _lost(traces=spans, logs=logs))
            senders.add("metrics", Pulse("metrics", lambda: sending.metrics(meter), words, where.interval))
        with senders, _lines_put(logs):
            yield Telemetry(meter, None if logs is None else logs.put, None if spans is None else spans.put)


@contextmanager
def _lines_put(logs: Outbox[Event | Line] | None) -> Generator[None]:
    """Lines of the process's log go there too, while the block runs."""
    if logs is None:
        yield
        return
    root, lines = logging.getLogger(), Lines(logs.put)
    root.addHandler(lines)
    try:
        yield
    finally:
        root.removeHandler(lines)


def _lost(**outboxes: "Outbox[Span] | Outbox[Event | Line] | None") -> Iterator[Reading]:
    for signal, outbox in outboxes.items():
        if outbox is not None:
            yield Reading(its.LOST, outbox.lost, {"mcp_gateway.signal": signal})


def _secrets(where: Destinations) -> Iterator[str]:
    for told in (where.traces, where.metrics, where.logs):
        yield told if "InstrumentationKey" in told else urlsplit(told).query


class _Sender(Protocol):
    def end(self) -> None: ...
    def close(self, interrupt: Callable[[], None], seconds: float) -> None: ...


class _Senders:
    """Ends all at once, so that the end of all takes no longer than that of one."""

    def __init__(self, sending: Sending) -> None:
        self._sending = sending
        self._all: list[tuple[Signal, _Sender]] = []

    def add(self, signal: Signal, sender: _Sender) -> None:
        self._all.append((signal, sender))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        for _, sender in self._all:
            sender.end()
        until = time.monotonic() + END
        for signal, sender in self._all:
            sender.close(partial(self._sending.shut, signal), max(0.0, until - time.monotonic()))
