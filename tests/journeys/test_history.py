"""The history that the journey of many tools judges lists by."""

from tests.journeys.history import History


def made() -> History:
    """A tool that ada may call from 10..11 on, both from 20..21 on, bob alone from 30..31 on, and nobody from 40 on."""
    history = History(settle=0)
    for name, at, callers in (("t", 10, ["ada"]), ("t", 20, ["ada", "bob"]), ("t", 30, ["bob"])):
        history.change(name, callers, at)
        history.changed(name, at + 1)
    history.change("t", [], 40)
    return history


def test_before_between_and_after_changes_there_is_no_doubt() -> None:
    history = made()
    assert not history.may_have_called("t", "ada", 0, 9)
    assert history.could_call_throughout("t", "ada", 12, 19)
    assert not history.may_have_called("t", "bob", 12, 19)
    assert not history.may_have_called("t", "ada", 32, 99)
    assert history.could_call_throughout("t", "bob", 32, 39)


def test_during_a_change_both_may_be_true() -> None:
    history = made()
    assert history.may_have_called("t", "ada", 10.5, 10.6)
    assert not history.could_call_throughout("t", "ada", 10.5, 10.6)
    assert history.may_have_called("t", "bob", 50, 60), "the withdrawal was never answered"
    assert not history.could_call_throughout("t", "bob", 50, 60)


def test_change_that_leaves_a_caller_its_right_takes_nothing_away() -> None:
    assert made().could_call_throughout("t", "ada", 12, 29)


def test_change_takes_time_to_travel_where_it_has_to() -> None:
    history = History(settle=1)
    history.change("t", ["ada"], 10)
    history.changed("t", 11)
    assert not history.could_call_throughout("t", "ada", 11.5, 13)
    assert history.could_call_throughout("t", "ada", 12.5, 13)


def test_tool_that_nobody_made_may_be_called_by_nobody() -> None:
    assert not made().may_have_called("other", "ada", 0, 99)
