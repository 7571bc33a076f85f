"""Readings: what the instruments show at a moment, read off plain counters. Pure."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from gateway.telemetry import instruments as its
from gateway.telemetry.counters import Counters, Durations, Histogram
from gateway.telemetry.instruments import Instrument

type Words = Mapping[str, str | int]
HTTP_WORDS = ("http.request.method", "mcp_gateway.place", "http.response.status_code")
MCP_WORDS = ("mcp.method.name", "error.type")


class Reading(msgspec.Struct, frozen=True):
    """One value; `words` are its attributes."""

    instrument: Instrument
    value: int | float | Histogram
    words: Words = {}


def of_requests(counters: Counters) -> Iterator[Reading]:
    """What every room that serves counts."""
    yield Reading(its.REQUESTS, counters.requests)
    yield Reading(its.REFUSED, counters.refused)
    yield Reading(its.FAILED, counters.failed)
    yield Reading(its.SAMPLED, counters.sampled)


def of_data_plane(counters: Counters) -> Iterator[Reading]:
    """What the proxy and the tool router count."""
    yield from of_requests(counters)
    yield Reading(its.STREAMS, counters.streams)
    yield Reading(its.SESSIONS, counters.sessions)
    yield Reading(its.SEALS_REFUSED, counters.seals_refused)
    yield Reading(its.CHOICES, counters.choices)
    yield Reading(its.HOLDS, counters.held)
    yield Reading(its.HOLDS_EXPIRED, counters.expired)


def of_durations(instrument: Instrument, names: Sequence[str], durations: Durations) -> Iterator[Reading]:
    """Histograms; `names` are those of the words in their keys. A word that is empty or 0 is left out."""
    for key, histogram in durations.read():
        yield Reading(instrument, histogram, {name: word for name, word in zip(names, key, strict=True) if word})


def of_catalog(age: float) -> Iterator[Reading]:
    """`age` in seconds."""
    yield Reading(its.CATALOG_AGE, round(age, 3))
