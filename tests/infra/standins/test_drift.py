"""What counts as a difference between an object and what was asked for."""

from typing import Any

import pytest

from tests.infra.standins.drift import as_set

ASKED: dict[str, Any] = {
    "metadata": {"name": "a", "labels": {}},
    "spec": {"replicas": 1, "containers": [{"name": "c", "resources": {"requests": {"cpu": "1000m"}}}]},
    "stringData": {"key": "value"},
}
LIVE: dict[str, Any] = {
    "metadata": {"name": "a", "uid": "1"},
    "spec": {
        "replicas": 1,
        "containers": [{"name": "c", "image": "i", "resources": {"requests": {"cpu": "1"}}}],
        "paused": False,
    },
    "data": {"key": "dmFsdWU="},
    "status": {"replicas": 1},
}


def test_defaults_other_spellings_and_encodings_are_no_difference() -> None:
    assert as_set(ASKED, LIVE) == ASKED


@pytest.mark.parametrize(
    ("live", "differs"),
    [
        ({**LIVE, "spec": {**LIVE["spec"], "replicas": 2}}, "spec"),
        ({**LIVE, "spec": {**LIVE["spec"], "containers": []}}, "spec"),
        ({**LIVE, "spec": {"containers": LIVE["spec"]["containers"]}}, "spec"),
        ({**LIVE, "data": {"key": "YW5vdGhlcg=="}}, "stringData"),
        ({**LIVE, "data": {}}, "stringData"),
    ],
)
def test_what_somebody_changed_is(live: dict[str, Any], differs: str) -> None:
    found = as_set(ASKED, live)
    assert {name for name in ASKED if found[name] != ASKED[name]} == {differs}
