"""How long a process that ended waits for its next start."""

from local.backoff import Backoff


def test_the_first_restart_comes_at_once_then_the_wait_doubles_to_thirty_seconds() -> None:
    backoff = Backoff()
    pauses = [backoff.pause(0.1) for _ in range(12)]
    assert pauses == [0, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30, 30]


def test_ten_seconds_alive_begin_it_again() -> None:
    backoff = Backoff()
    for _ in range(6):
        backoff.pause(9.9)
    assert [backoff.pause(10.0), backoff.pause(0.1), backoff.pause(0.1)] == [0, 0.2, 0.4]


def test_a_process_that_ends_thousands_of_times_breaks_nothing() -> None:
    backoff = Backoff()
    pauses = [backoff.pause(0) for _ in range(5000)]
    assert pauses[-1] == 30
