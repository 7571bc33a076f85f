"""Readings as the SDK's metrics, for its exporters. Imported by who sends, never by who serves.

The SDK's meters are not used: they have no histogram that is read instead of written to.
"""

from collections.abc import Callable, Iterable
from typing import cast

from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Gauge,
    HistogramDataPoint,
    Metric,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.metrics.export import Histogram as SdkHistogram
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from gateway.telemetry.counters import BOUNDS, Histogram
from gateway.telemetry.instruments import Instrument
from gateway.telemetry.meter import Scopes
from gateway.telemetry.readings import Reading

# The exporters' types want a number; the format has them as optional, and exporters send nothing for None.
_UNKNOWN = cast("float", None)


def metrics_of(
    resource: Resource,
    scope: Callable[[str], InstrumentationScope],
    scopes: Scopes,
    span: tuple[int, int],
    *,
    deltas: bool,
) -> MetricsData:
    """Everything that was read. `span`: since when the numbers count, and when they were read, in nanoseconds since 1970."""
    of = _Points(span, AggregationTemporality.DELTA if deltas else AggregationTemporality.CUMULATIVE)
    told = [ScopeMetrics(scope(name), list(_metrics(of, readings)), "") for name, readings in scopes.items()]
    return MetricsData([ResourceMetrics(resource, told, "")])


def _metrics(of: "_Points", readings: Iterable[Reading]) -> Iterable[Metric]:
    kinds: dict[Instrument, list[Reading]] = {}
    for reading in readings:
        kinds.setdefault(reading.instrument, []).append(reading)
    for instrument, all in kinds.items():
        yield Metric(instrument.name, instrument.text, instrument.unit, of.data(instrument, all))


class _Points:
    """Makes the points of one reading."""

    def __init__(self, span: tuple[int, int], temporality: AggregationTemporality) -> None:
        self._since, self._now = span
        self._temporality = temporality

    def data(self, instrument: Instrument, readings: list[Reading]) -> Sum | Gauge | SdkHistogram:
        """The points of one instrument."""
        match instrument.kind:
            case "histogram":
                return SdkHistogram([self._histogram(reading) for reading in readings], self._temporality)
            case "gauge":
                return Gauge([self._number(reading) for reading in readings])
            case "updown":
                points = [self._number(reading) for reading in readings]
                return Sum(points, AggregationTemporality.CUMULATIVE, is_monotonic=False)
            case "counter":
                return Sum([self._number(reading) for reading in readings], self._temporality, is_monotonic=True)

    def _number(self, reading: Reading) -> NumberDataPoint:
        assert not isinstance(reading.value, Histogram), "only histograms have histograms"
        return NumberDataPoint(dict(reading.words), self._since, self._now, reading.value)

    def _histogram(self, reading: Reading) -> HistogramDataPoint:
        value = reading.value
        assert isinstance(value, Histogram), "histograms have nothing else"
        return HistogramDataPoint(
            attributes=dict(reading.words),
            start_time_unix_nano=self._since,
            time_unix_nano=self._now,
            count=sum(value.counts),
            sum=value.sum,
            bucket_counts=value.counts,
            explicit_bounds=BOUNDS,
            min=_UNKNOWN,
            max=_UNKNOWN,
        )
