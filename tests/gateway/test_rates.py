"""Token buckets: how often one may come, with a clock that a test moves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rates import Rates


class Clock:
    """Shows the time that it was set to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_burst_is_free_and_then_the_rate_holds() -> None:
    clock = Clock()
    rates = Rates(2, 5, clock)
    assert [rates.take("a") for _ in range(5)] == [0.0] * 5
    assert rates.take("a") == pytest.approx(0.5)
    clock.now += 0.5
    assert rates.take("a") == 0
    assert rates.take("a") == pytest.approx(0.5)


def test_refused_turns_cost_nothing() -> None:
    clock = Clock()
    rates = Rates(1, 1, clock)
    assert rates.take("a") == 0
    for _ in range(100):
        assert rates.take("a") == pytest.approx(1)
    clock.now += 1
    assert rates.take("a") == 0


def test_everybody_has_a_bucket() -> None:
    rates = Rates(1, 1, Clock())
    assert [rates.take(who) for who in ("a", "b", "a")] == [0, 0, 1]


def test_bucket_fills_up_to_the_burst_and_no_further() -> None:
    clock = Clock()
    rates = Rates(10, 3, clock)
    rates.take("a")
    clock.now += 1_000_000
    assert [rates.take("a") > 0 for _ in range(5)] == [False, False, False, True, True]


def test_whoever_is_patient_has_turns_in_their_order() -> None:
    clock = Clock()
    rates = Rates(1, 1, clock)
    assert [rates.take("a", patience=3) for _ in range(4)] == [0, 1, 2, 3]
    assert rates.take("a", patience=3) == 4  # not taken
    assert rates.take("a") == 4
    clock.now += 1
    assert rates.take("a", patience=3) == 3


def test_memory_is_bounded_and_the_idle_go_first() -> None:
    clock = Clock()
    rates = Rates(1, 10, clock, most=100)
    for number in range(60):
        rates.take(f"idle{number}")
    clock.now += 10
    for number in range(200):
        for _ in range(10):
            rates.take(f"busy{number}")
        assert len(rates) <= 100
    assert rates.take("busy199") > 0
    assert rates.take("busy0") == 0  # forgotten: more came than can be remembered


@given(
    st.lists(st.floats(0, 2), min_size=1, max_size=200),
    st.floats(0.5, 100),
    st.floats(1, 50),
)
def test_never_more_than_the_rate_and_the_burst(gaps: list[float], rate: float, burst: float) -> None:
    clock = Clock()
    rates, start, taken = Rates(rate, burst, clock), clock.now, 0
    for gap in gaps:
        clock.now += gap
        taken += not rates.take("a")
        assert taken <= burst + rate * (clock.now - start) + 1e-6
