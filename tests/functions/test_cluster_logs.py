"""Logs of a cluster's instances: pages, cursors, earlier runs, and waiting."""

import asyncio

import pytest

from functions import logs
from functions.deployer import LogPage, LogQuery
from gateway.errors import Invalid, NotFound
from tests.contracts.records import adapter
from tests.functions.on_cluster import OnCluster

SECOND = 10**9
AT = 1_795_000_000 * SECOND  # some moment


@pytest.fixture
async def running(running: OnCluster) -> OnCluster:
    """With one instance, which has printed nothing yet."""
    await running.deployer.apply(adapter())
    running.server.pods.logs["mcp-one-0"][-1].lines.clear()
    return running


def _print(running: OnCluster, *lines: tuple[int, str]) -> None:
    running.server.pods.logs["mcp-one-0"][-1].lines.extend(lines)


async def _logs(running: OnCluster, **query: object) -> LogPage:
    return await running.deployer.logs(adapter(), LogQuery(**query))  # pyright: ignore[reportArgumentType] (a test's own)


async def test_lines_of_one_second_are_given_once_each(running: OnCluster) -> None:
    """The cluster can be asked for lines since a second only."""
    _print(running, (AT + 1, "a"), (AT + 2, "b"))
    first = await _logs(running)
    _print(running, (AT + 3, "c"), (AT + SECOND, "d"))
    second = await _logs(running, since=first.cursor)
    assert (first.text, second.text) == ("a\nb\n", "c\nd\n")
    assert (await _logs(running, since=second.cursor)).text == ""


async def test_cursor_of_the_last_lines_goes_on_after_them(running: OnCluster) -> None:
    _print(running, *((AT + number, f"{number}") for number in range(50)))
    last = await _logs(running, tail=2)
    assert last.text == "48\n49\n"
    _print(running, (AT + 50, "50"))
    assert (await _logs(running, since=last.cursor)).text == "50\n"


async def test_line_that_was_written_out_of_order_is_not_lost(running: OnCluster) -> None:
    """Two streams are written by two writers; their stamps may cross by a little."""
    _print(running, (AT + 5, "out"))
    first = await _logs(running)
    _print(running, (AT + 4, "err"))
    assert (await _logs(running, since=first.cursor)).text == "err\n"


async def test_cursor_whose_line_was_rotated_away_goes_on_by_time(running: OnCluster) -> None:
    _print(running, (AT + 5, "a"))
    first = await _logs(running)
    running.server.pods.logs["mcp-one-0"][-1].lines.clear()
    _print(running, (AT + 4, "before"), (AT + 6, "b"))
    assert (await _logs(running, since=first.cursor)).text == "b\n"


async def test_restarted_container_goes_on_with_the_end_of_the_run_before(running: OnCluster) -> None:
    _print(running, (AT + 1, "a"))
    first = await _logs(running)
    _print(running, (AT + 2, "last words"))
    running.server.pods.restart("mcp-one-0")
    second = await _logs(running, since=first.cursor)
    third = await _logs(running, since=second.cursor)
    assert (second.text, third.text) == ("last words\n", "ready on stdout\nready on stderr\n")


async def test_previous_run_is_shown_when_asked_for(running: OnCluster) -> None:
    assert (await _logs(running, previous=True)).text == ""
    _print(running, (AT + 1, "a"))
    running.server.pods.restart("mcp-one-0")
    page = await _logs(running, previous=True)
    assert page.text == "a\n"
    assert (await _logs(running, previous=True, since=page.cursor)).text == ""


async def test_line_that_is_waited_for_is_given_when_it_comes(running: OnCluster) -> None:
    first = await _logs(running)
    hold = running.server.steps.hold("get pods/log")
    waiting = asyncio.create_task(_logs(running, since=first.cursor, wait=20))
    await hold.reached.wait()
    hold.released.set()
    again = running.server.steps.hold("get pods/log")
    await again.reached.wait()
    _print(running, (AT + 1, "at last"))
    again.released.set()
    assert (await waiting).text == "at last\n"


async def test_page_is_bounded_and_the_cursor_loses_nothing(
    running: OnCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "PAGE", 1000)
    lines = [f"{number:099d}" for number in range(35)]
    _print(running, *((AT + number, line) for number, line in enumerate(lines)))
    assert (await _logs(running)).text.splitlines() == lines[-10:]
    cursor, seen = f"{'0' * 16}-0", list[str]()
    while text := (page := await _logs(running, since=cursor)).text:
        assert len(text) <= 1100
        cursor, seen = page.cursor, seen + text.splitlines()
    assert seen == lines


async def test_instance_that_is_not_made_yet_has_printed_nothing(running: OnCluster) -> None:
    running.server.pods.quota = "exceeded quota"
    running.server.objects.drop("pods", "mcp-one-0")
    page = await _logs(running)
    assert page.text == ""
    running.server.pods.quota = ""
    running.server.pods.follow("mcp-one")
    assert (await _logs(running, since=page.cursor)).text == "ready on stdout\nready on stderr\n"


async def test_pod_of_an_earlier_life_of_the_name_is_not_shown(running: OnCluster) -> None:
    """It may belong to somebody else, and still be ending."""
    running.server.pods.slow_to_end = True
    _print(running, (AT + 1, "private"))
    await running.deployer.remove("adapter", "one", adapter().uid)
    await running.deployer.apply(adapter(uid="new"))
    page = await running.deployer.logs(adapter(uid="new"), LogQuery())
    assert page.text == ""
    with pytest.raises(NotFound):
        await _logs(running)


@pytest.mark.parametrize("cursor", ["../../etc/passwd", "x", f"{'0' * 16}-", f"{'g' * 16}-1", f"{'0' * 16}-1 "])
async def test_cursor_that_is_not_ours_is_invalid_whatever_is_there(running: OnCluster, cursor: str) -> None:
    await running.deployer.remove("adapter", "one", adapter().uid)
    with pytest.raises(Invalid) as caught:
        await _logs(running, since=cursor)
    assert caught.value.field == "since"


async def test_container_that_has_not_begun_has_printed_nothing(running: OnCluster) -> None:
    await running.deployer.apply(adapter(generation=2, image_name="missing"))
    assert (await running.deployer.logs(adapter(generation=2), LogQuery())).text == ""
