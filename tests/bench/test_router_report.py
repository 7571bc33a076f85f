"""The report of the router bench: medians, verdicts, and the line for programs."""

import msgspec
import pytest

from bench.changes import Delays
from bench.flatness import Flatness
from bench.imports import Cost
from bench.router_report import CALL, NAMES, SDK_CALL, TOKEN, Figures, all_met, figures, line, table, verdicts

_FLAT = Flatness(calls=100_000, resident_mb=64.0, grown_kb=12.0, late_kb=3.0, results={"ok": 99_000, "invalid": 1_000})


def test_figures_are_medians_and_the_ratio_is_one_of_neighbours() -> None:
    of = _figures(call=[0.1, 0.4, 0.2], sdk=[0.5, 2.4, 0.8])
    assert of.call_ms == 0.2
    assert of.times_cheaper_than_sdk == 5.0


def test_all_targets_within_their_limits_are_met() -> None:
    of = _figures(call=[0.2], sdk=[0.9])
    assert all_met(of)
    assert not any("MISSED" in text for text in verdicts(of))


@pytest.mark.parametrize(("call", "sdk", "grown"), [(0.26, 2.0, 0.0), (0.2, 0.7, 0.0), (0.2, 0.9, 1024.0)])
def test_a_single_missed_target_is_told_and_decides(call: float, sdk: float, grown: float) -> None:
    of = _figures(call=[call], sdk=[sdk], grown=grown)
    assert not all_met(of)
    assert sum("MISSED" in text for text in verdicts(of)) == 1


def test_calls_with_tokens_have_the_same_target() -> None:
    slow = msgspec.structs.replace(_figures(call=[0.2], sdk=[0.9]), call_token_ms=0.26)
    assert not all_met(slow)


def test_the_last_line_is_json_with_the_agreed_members() -> None:
    members = msgspec.json.decode(line(_figures(call=[0.2], sdk=[0.9])))
    assert {"call_ms", "list_1000_ms", "times_cheaper_than_sdk", "grown_kb", "list_changed_ms"} <= members.keys()


def test_the_table_has_a_line_for_each_kind_of_request() -> None:
    text = "\n".join(table({name: [0.5] for name in NAMES}, _FLAT))
    assert all(f"\n{name}" in text for name in NAMES)


def _figures(call: list[float], sdk: list[float], grown: float = 12.0) -> Figures:
    rounds = {name: [1.0] for name in NAMES} | {CALL: call, TOKEN: [0.2], SDK_CALL: sdk}
    flat = msgspec.structs.replace(_FLAT, late_kb=grown)
    return figures(rounds, 919_000, flat, Delays(5.0, 9.0), 200, Cost(400.0, 50.0))
