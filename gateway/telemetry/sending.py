"""Sending: batches of ours, turned into the SDK's and given to its exporters. Which those are, `otlp` and `insights` say.

Loads the SDK when the exporters are opened. Called by the threads that send, one for each signal.
"""

import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, Protocol

from gateway.audit import Event
from gateway.telemetry.lines import Line
from gateway.telemetry.meter import Meter
from gateway.telemetry.span import Span
from gateway.version import VERSION

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope

_UNKNOWN = "unknown_service"

type Signal = Literal["traces", "metrics", "logs"]


class Result(Protocol):
    """What an exporter answers: each has an enum of its own."""

    @property
    def name(self) -> str: ...


class Exporter(Protocol):
    """What all of the SDK's exporters have in common."""

    def export(self, batch: Any, /) -> Result:
        """Sends a batch; may take long."""
        ...

    def shutdown(self) -> None:
        """Ends an export under way."""
        ...


type Exporters = Mapping[Signal, Exporter]


class Sending:
    """`open` makes the exporters, when `ready` or the first batch asks for them. `service`: whose name variables do not say."""

    def __init__(
        self, open: Callable[[], Exporters], variables: Mapping[str, str], service: str, *, deltas: bool
    ) -> None:
        self._open = open
        self._variables = variables
        self._service = service
        self._deltas = deltas
        self._since = time.time_ns()
        self._lock = threading.Lock()
        self._opened: _Opened | None = None

    def ready(self) -> "_Opened":
        """Loads the SDK, once, whichever thread comes first."""
        with self._lock:
            if self._opened is None:
                self._opened = _Opened(self._open(), _resource(self._variables, self._service))
            return self._opened

    def spans(self, spans: Sequence[Span]) -> bool:
        """Whether they arrived."""
        to = self.ready()
        from gateway.telemetry.sdk_spans import spans_of

        made = spans_of(to.resource, to.scope)
        return to.sent("traces", [made(span) for span in spans])

    def logs(self, things: Sequence[Event | Line]) -> bool:
        """Whether they arrived."""
        to = self.ready()
        from gateway.telemetry.sdk_logs import records_of

        made = records_of(to.resource, to.scope)
        return to.sent("logs", [made(one) for one in things])

    def metrics(self, meter: Meter) -> bool:
        """Whether what was read arrived."""
        to = self.ready()
        from gateway.telemetry.sdk_metrics import metrics_of

        scopes, now = meter.read(deltas=self._deltas), time.time_ns()
        data = metrics_of(to.resource, to.scope, scopes, (self._since, now), deltas=self._deltas)
        if not to.sent("metrics", data):
            return False
        meter.arrived()
        if self._deltas:
            self._since = now
        return True

    def shut(self, signal: Signal) -> None:
        """Ends an export under way."""
        if self._opened is not None:
            self._opened.exporters[signal].shutdown()


class _Opened:
    """The exporters, and who they speak for."""

    def __init__(self, exporters: Exporters, resource: "Resource") -> None:
        self.exporters = exporters
        self.resource = resource
        self.scope = lru_cache(maxsize=256)(_scope)

    def sent(self, signal: Signal, batch: object) -> bool:
        """Whether a batch arrived."""
        return self.exporters[signal].export(batch).name == "SUCCESS"


def _scope(name: str) -> "InstrumentationScope":
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope

    return InstrumentationScope(name, VERSION)


def _resource(variables: Mapping[str, str], service: str) -> "Resource":
    """Who we are: what the variables say comes first, `service` is for where they name none."""
    from opentelemetry.sdk.resources import Resource

    ours = Resource({"service.version": VERSION, "service.instance.id": str(uuid.uuid4())})
    told = ours.merge(Resource.create())
    if str(told.attributes.get("service.name", _UNKNOWN)).startswith(_UNKNOWN):
        told = told.merge(Resource({"service.name": service}))
    named = variables.get("OTEL_SERVICE_NAME", "").strip()
    return told.merge(Resource({"service.name": named})) if named else told
