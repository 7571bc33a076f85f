"""Workbook: one page of charts over the workspace, as the portal stores it. Pure."""

from typing import Any

import msgspec

from gateway.telemetry import instruments as its
from infra.alerts import TABLE

_BIN = "bin(TimeGenerated, {TimeRange:grain})"
_LATENCY = f'{TABLE} | where Name == "{its.HTTP.name}"'
CHARTS = {
    "Requests, by process": (
        f'{TABLE} | where Name == "{its.REQUESTS.name}" | summarize sum(Sum) by {_BIN}, AppRoleName'
    ),
    "Failed and refused": (
        f'{TABLE} | where Name in ("{its.FAILED.name}", "{its.REFUSED.name}") | summarize sum(Sum) by {_BIN}, Name'
    ),
    "Duration, mean, in milliseconds": (
        f"{_LATENCY} | summarize 1000 * sum(Sum) / sum(ItemCount) by {_BIN}, AppRoleName"
    ),
    "Open streams": f'{TABLE} | where Name == "{its.STREAMS.name}" | summarize max(Max) by {_BIN}, AppRoleInstance',
    "Waited for an instance, and in vain": (
        f'{TABLE} | where Name in ("{its.HOLDS.name}", "{its.HOLDS_EXPIRED.name}") | summarize sum(Sum) by {_BIN}, Name'
    ),
    "Seals refused": f'{TABLE} | where Name == "{its.SEALS_REFUSED.name}" | summarize sum(Sum) by {_BIN}',
    "Age of the catalogs, in seconds": (
        f'{TABLE} | where Name == "{its.CATALOG_AGE.name}" | summarize max(Max) by {_BIN}, AppRoleInstance'
    ),
    "Reconcile: seconds since a whole round": (
        f'{TABLE} | where Name == "{its.ROUND_AGE.name}" | summarize max(Max) by {_BIN}'
    ),
    "Reconcile: what it did": f'{TABLE} | where Name == "{its.ACTIONS.name}" | summarize sum(Sum) by {_BIN}',
}
_RANGES = (3_600_000, 14_400_000, 86_400_000, 604_800_000)  # milliseconds to choose from


def serialized() -> str:
    """JSON, the same each time."""
    items = [_time_range(), *(_chart(title, query) for title, query in CHARTS.items())]
    page = {"version": "Notebook/1.0", "items": items, "fallbackResourceIds": ["Azure Monitor"], "isLocked": False}
    return msgspec.json.encode(page).decode()


def _time_range() -> dict[str, Any]:
    choice = {"selectableValues": [{"durationMs": length} for length in _RANGES]}
    parameter = {
        "id": "2b7c6c1e-64a3-4a35-9f0d-0f1d6f7c9a10",
        "version": "KqlParameterItem/1.0",
        "name": "TimeRange",
        "type": 4,
        "isRequired": True,
        "value": {"durationMs": _RANGES[0]},
        "typeSettings": choice,
    }
    return {
        "type": 9,
        "name": "TimeRange",
        "content": {"version": "KqlParameterItem/1.0", "parameters": [parameter], "style": "pills", "queryType": 0},
    }


def _chart(title: str, query: str) -> dict[str, Any]:
    content = {
        "version": "KqlItem/1.0",
        "title": title,
        "query": query,
        "size": 0,
        "timeContextFromParameter": "TimeRange",
        "queryType": 0,
        "resourceType": "microsoft.operationalinsights/workspaces",
        "visualization": "timechart",
    }
    return {"type": 3, "name": title, "content": content, "customWidth": "50"}
