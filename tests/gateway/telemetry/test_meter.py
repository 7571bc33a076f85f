"""What is read off plain counters: added up, since the start or since the last time."""

from collections.abc import Callable

from gateway.telemetry import instruments as its
from gateway.telemetry.counters import BOUNDS, SERIES, Counters, Durations
from gateway.telemetry.meter import Meter
from gateway.telemetry.readings import HTTP_WORDS, Reading, of_durations, of_requests


def test_a_duration_falls_into_the_bucket_whose_upper_end_it_does_not_pass() -> None:
    durations = Durations()
    for seconds in (0.0, 0.005, 0.0051, 10.0, 10.1):
        durations.add(("GET", "ping", 200), seconds)
    ((_, found),) = durations.read()
    assert (found.counts[0], found.counts[1], found.counts[-2], found.counts[-1]) == (2, 1, 1, 1)
    assert len(found.counts) == len(BOUNDS) + 1
    assert abs(found.sum - 20.1101) < 1e-9


def test_words_that_others_choose_cannot_fill_the_memory() -> None:
    durations = Durations()
    for number in range(2 * SERIES):
        durations.add(("GET", f"place {number}", number), 1.0)
    found = dict(durations.read())
    assert len(found) == SERIES + 1
    assert sum(found["", "", 0].counts) == SERIES


def test_several_that_count_the_same_are_added_up_and_of_gauges_the_highest_is_told() -> None:
    meter, counters = Meter(), [Counters(requests=2), Counters(requests=3)]
    for number, one in enumerate(counters):
        one.durations.add(("GET", "ping", 200), 1.0)
        meter.watch("proxy", lambda one=one: of_requests(one))
        meter.watch("proxy", lambda one=one: of_durations(its.HTTP, HTTP_WORDS, one.durations))
        meter.watch("proxy", lambda number=number: [Reading(its.CATALOG_AGE, number)])
    meter.watch("tool_router", lambda: of_requests(Counters(requests=7)))

    found = {(scope, one.instrument): one.value for scope, all in meter.read().items() for one in all}
    assert found["proxy", its.REQUESTS] == 5
    assert found["proxy", its.CATALOG_AGE] == 1
    assert found["tool_router", its.REQUESTS] == 7
    histogram = found["proxy", its.HTTP]
    assert not isinstance(histogram, int | float)
    assert (sum(histogram.counts), histogram.sum) == (2, 2.0)


def test_deltas_are_what_was_added_since_the_last_reading_that_arrived() -> None:
    meter, counters = Meter(), Counters()
    meter.watch("proxy", lambda: [Reading(its.REQUESTS, counters.requests), Reading(its.STREAMS, counters.streams)])
    meter.watch("proxy", lambda: of_durations(its.HTTP, HTTP_WORDS, counters.durations))

    def read() -> dict[str, float]:
        told = meter.read(deltas=True)["proxy"]
        return {it.instrument.name: _number(it) for it in told}

    def serve() -> None:
        counters.requests += 1
        counters.streams += 1
        counters.durations.add(("GET", "ping", 200), 1.0)

    _times(2, serve)
    first = read()
    assert read() == first, "it did not arrive"
    meter.arrived()
    _times(3, serve)
    assert read() == {its.REQUESTS.name: 3, its.STREAMS.name: 5, its.HTTP.name: 3}


def _number(reading: Reading) -> float:
    value = reading.value
    return value if isinstance(value, int | float) else sum(value.counts)


def _times(times: int, call: Callable[[], None]) -> None:
    for _ in range(times):
        call()
