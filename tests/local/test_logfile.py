"""Logs on disk: bounded, two runs deep, read in whole lines by offsets that stay true."""

import asyncio
import logging
from collections.abc import Generator
from pathlib import Path

import pytest

from functions.deployer import LogPage, LogQuery
from gateway.errors import Invalid
from local import logfile
from local.logfile import LogFile
from local.logpage import page


@pytest.fixture
def log(tmp_path: Path) -> Generator[LogFile]:
    log = LogFile(tmp_path / "adapter-a-0.log", piece=100)
    yield log
    log.close()


async def since(log: LogFile, cursor: str, wait: float = 0) -> LogPage:
    return await page(log, LogQuery(since=cursor, wait=wait))


async def test_lines_written_are_lines_read(log: LogFile) -> None:
    log.begin().write("one\nzwö\n".encode())
    assert (await page(log, LogQuery())).text == "one\nzwö\n"


async def test_the_last_lines_are_counted_from_the_end(log: LogFile) -> None:
    log.begin().write(b"a\nb\n\nd\n")
    texts = [(await page(log, LogQuery(tail=n))).text for n in (0, 1, 2, 4, 5)]
    assert texts == ["", "d\n", "\nd\n", "a\nb\n\nd\n", "a\nb\n\nd\n"]


async def test_a_line_is_shown_when_it_is_whole_or_nothing_more_can_come(log: LogFile) -> None:
    run = log.begin()
    run.write(b"one\ntw")
    first = await page(log, LogQuery())
    assert first.text == "one\n"
    run.write(b"o\nthr")
    second = await since(log, first.cursor)
    assert second.text == "two\n"
    run.close()
    assert (await since(log, second.cursor)).text == "thr"


async def test_bytes_that_are_not_utf8_are_shown_as_far_as_they_go(log: LogFile) -> None:
    log.begin().write(b"\xff\xfe caf\xc3\xa9\n")
    assert (await page(log, LogQuery())).text.endswith("café\n")


async def test_a_run_keeps_two_pieces_at_most_and_its_offsets_stay_true(log: LogFile, tmp_path: Path) -> None:
    run = log.begin()
    cursors: list[str] = []
    for n in range(100):
        cursors.append((await page(log, LogQuery(tail=0))).cursor)
        run.write(b"%03d\n" % n)
    sizes = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    assert set(sizes) == {"adapter-a-0.log", "adapter-a-0.log.1"}
    assert all(size <= 104 for size in sizes.values())
    assert (await since(log, cursors[98])).text == "098\n099\n"
    # Across the two pieces, and from before the oldest line there still is.
    assert (await since(log, cursors[60])).text == "".join(f"{n:03}\n" for n in range(60, 100))
    assert (await since(log, cursors[0])).text.endswith("099\n")
    assert (await page(log, LogQuery(tail=40))).text == "".join(f"{n:03}\n" for n in range(60, 100))


async def test_pages_are_bounded_and_joined_by_their_cursors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logfile, "PAGE", 64)
    log = LogFile(tmp_path / "x.log")
    start = (await page(log, LogQuery())).cursor
    written = "".join(f"line {n}\n" for n in range(50)) + "y" * 200 + "\nend\n"
    log.begin().write(written.encode())
    text, cursor = "", start
    for _ in range(40):
        step = await since(log, cursor)
        assert len(step.text) <= 64
        text, cursor = text + step.text, step.cursor
    assert text == written
    log.close()


async def test_the_previous_run_is_kept_and_no_other(log: LogFile, tmp_path: Path) -> None:
    for n in range(3):
        run = log.begin()
        run.write(b"run %d\n" % n * 20)
        run.close()
    assert (await page(log, LogQuery(tail=1))).text == "run 2\n"
    assert (await page(log, LogQuery(tail=1, previous=True))).text == "run 1\n"
    assert not [path for path in tmp_path.iterdir() if b"run 0" in path.read_bytes()]


async def test_there_is_no_previous_run_at_first(log: LogFile) -> None:
    log.begin().write(b"x\n")
    assert (await page(log, LogQuery(previous=True))).text == ""


async def test_what_an_earlier_gateway_left_becomes_the_previous_run(log: LogFile, tmp_path: Path) -> None:
    log.begin().write(b"before\n")
    later = LogFile(tmp_path / "adapter-a-0.log")
    assert (await page(later, LogQuery())).text == "before\n"
    later.begin().write(b"after\n")
    assert (await page(later, LogQuery())).text == "after\n"
    assert (await page(later, LogQuery(previous=True))).text == "before\n"
    later.close()


async def test_a_follower_reads_an_ended_run_to_its_end_and_goes_on_with_the_next(log: LogFile) -> None:
    first = log.begin()
    first.write(b"a\n")
    cursor = (await page(log, LogQuery())).cursor
    first.write(b"last words")
    first.close()
    log.begin().write(b"b\n")
    texts: list[str] = []
    for _ in range(3):
        step = await since(log, cursor)
        texts.append(step.text)
        cursor = step.cursor
    assert texts == ["last words", "b\n", ""]


async def test_a_cursor_of_a_run_that_is_gone_goes_on_at_the_beginning_of_this_one(log: LogFile) -> None:
    log.begin().write(b"a\n")
    cursor = (await page(log, LogQuery())).cursor
    for text in (b"b\n", b"c\n"):
        log.begin().write(text)
    assert (await since(log, cursor)).text == "c\n"


async def test_following_the_previous_run_never_reaches_into_this_one(log: LogFile) -> None:
    log.begin().write(b"old\n")
    log.begin().write(b"new\n")
    first = await page(log, LogQuery(previous=True))
    second = await page(log, LogQuery(previous=True, since=first.cursor))
    assert (first.text, second.text) == ("old\n", "")


async def test_waiting_ends_with_the_first_whole_line(log: LogFile) -> None:
    run = log.begin()
    cursor = (await page(log, LogQuery())).cursor
    waiting = asyncio.create_task(since(log, cursor, wait=30))
    run.write(b"half")
    await asyncio.sleep(0)
    assert not waiting.done()
    run.write(b" whole\n")
    async with asyncio.timeout(5):
        assert (await waiting).text == "half whole\n"


async def test_waiting_for_a_line_that_does_not_come_is_bounded(log: LogFile) -> None:
    log.begin()
    cursor = (await page(log, LogQuery())).cursor
    assert await since(log, cursor, wait=0.05) == LogPage("", cursor)


@pytest.mark.parametrize("cursor", ["x", "0-0", "zzzzzzzzzzzzzzzz-1", "0123456789abcdef-", "0123456789abcdef--1", "\n"])
async def test_a_cursor_that_is_not_ours_is_invalid(log: LogFile, cursor: str) -> None:
    with pytest.raises(Invalid) as caught:
        await since(log, cursor)
    assert caught.value.field == "since"


async def test_an_offset_beyond_the_end_is_the_end(log: LogFile) -> None:
    log.begin().write(b"a\n")
    run = (await page(log, LogQuery())).cursor.partition("-")[0]
    assert (await since(log, f"{run}-999999999")).text == ""


async def test_a_run_that_still_writes_when_the_next_begins_goes_on_in_its_own_file(log: LogFile) -> None:
    old = log.begin()
    old.write(b"a\n")
    log.begin().write(b"new\n")
    for n in range(60):
        old.write(b"b%02d\n" % n)
    assert (await page(log, LogQuery())).text == "new\n"
    assert (await page(log, LogQuery(previous=True, tail=1))).text == "b59\n"


async def test_logs_tidied_up_by_hand_do_not_stop_anything(log: LogFile, tmp_path: Path) -> None:
    run = log.begin()
    run.write(b"a\n")
    for path in tmp_path.iterdir():
        path.unlink()
    run.write(b"b\n")
    assert (await page(log, LogQuery())).text == ""
    log.begin().write(b"c\n")
    assert (await page(log, LogQuery())).text == "c\n"


async def test_a_disk_that_takes_nothing_more_is_said_once_and_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = LogFile(tmp_path / "x.log")
    (tmp_path / "x.log").symlink_to("/dev/full")
    run = log.begin()
    with caplog.at_level(logging.WARNING):
        run.write(b"a\n")
        run.write(b"b\n")
    assert len([record for record in caplog.records if "No space left" in record.message]) == 1
    log.close()


def test_the_last_line_is_the_last_that_says_something_and_fits_a_sentence(log: LogFile) -> None:
    assert log.last_line() == ""
    run = log.begin()
    run.write(b"Traceback\n  ValueError: x\n\n \n")
    assert log.last_line() == "ValueError: x"
    run.write(b"y" * 1000 + b"\n")
    assert len(log.last_line()) == 200
