"""Alerts: what wakes somebody, as questions to the workspace (Kusto). Pure; the metrics are those of `gateway.telemetry.instruments`.

A question has one row, with the column `measure`. What must always be told counts as bad where nothing is: a process that is
gone says nothing of itself.
"""

import msgspec

from gateway.telemetry import instruments as its
from gateway.telemetry.instruments import Instrument

TABLE = "AppMetrics"
_SILENCE = 1e9


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """Fires when `measure` is above `threshold` in so many windows in a row. Severity: 0 worst, 4 least; times are ISO 8601's."""

    name: str
    text: str
    query: str = ""
    threshold: float
    severity: int
    every: str = "PT5M"
    window: str = "PT5M"
    periods: int = 1
    agents: bool = False


def _sum(instrument: Instrument, where: str = "") -> str:
    """What was added in the window."""
    return f'{TABLE} | where Name == "{instrument.name}"{where} | summarize measure = sum(Sum)'


def _worst(instrument: Instrument) -> str:
    worst = f'{TABLE} | where Name == "{instrument.name}" | summarize worst = max(Max)'
    return f"{worst} | project measure = coalesce(worst, {_SILENCE:.1f})"


GATEWAY_ERRORS = Alert(
    name="server-errors",
    text="The front door answered with 5xx, more often than now and then.",
    threshold=20,
    severity=2,
)
ALERTS = (
    Alert(
        name="holds-expired",
        text="Callers waited for an instance to be ready, and got 503: nodes or replicas are missing, or an image does not start.",
        query=_sum(its.HOLDS_EXPIRED),
        threshold=5,
        severity=2,
        window="PT15M",
    ),
    Alert(
        name="catalog-age",
        text="A proxy or router has not heard of the API server: new adapters, and roles taken away, do not reach it.",
        query=_worst(its.CATALOG_AGE),
        threshold=300,  # seconds; it lists anew after 90
        severity=1,
        periods=2,
    ),
    Alert(
        name="reconcile-failures",
        text="No round of reconcile was whole for a while: what is registered and what runs may differ.",
        query=_worst(its.ROUND_AGE),
        threshold=900,  # seconds
        severity=2,
        periods=2,
    ),
    Alert(
        name="agents",
        text="Requests to agents failed.",
        query=_sum(its.FAILED, ' and AppRoleName endswith "agents"'),
        threshold=5,
        severity=3,
        window="PT15M",
        agents=True,
    ),
)
