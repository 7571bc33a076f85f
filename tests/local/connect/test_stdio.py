"""Standard input and output on the plain event loop, descriptor by descriptor. The command itself runs on uvloop."""

import asyncio
import os
import threading
from pathlib import Path

import pytest

from gateway.plain_line import plain_line
from local.connect.said import say
from local.connect.stdio import lines, reading, writing
from tests.local.waiting import PATIENCE, holds


@pytest.fixture
def pipe() -> tuple[int, int]:
    return os.pipe()


async def test_lines_come_as_they_are_written_and_end_with_the_writer(pipe: tuple[int, int]) -> None:
    read, write = pipe
    async with reading(read) as reader:
        found = lines(reader, 100)
        os.write(write, b"one\ntw")
        assert await anext(found) == b"one"
        os.write(write, b"o\n\nthree")
        assert await anext(found) == b"two"
        os.close(write)
        assert [line async for line in found] == [b"three"]
    assert os.get_blocking(read)
    os.close(read)


async def test_a_reader_that_is_behind_is_waited_for(pipe: tuple[int, int]) -> None:
    read, write = pipe
    async with writing(write) as output:
        big = b"x" * 1_000_000
        sending = asyncio.create_task(output.send(big))
        assert not (await asyncio.wait([sending], timeout=0))[0]
        text = b""
        while len(text) < len(big) + 1:
            text += await asyncio.to_thread(os.read, read, 65536)
        await asyncio.wait_for(sending, PATIENCE)
        assert text == big + b"\n"
    assert os.get_blocking(write)
    os.close(write)
    os.close(read)


async def test_a_reader_that_is_gone_closes_the_output_and_nothing_is_raised(pipe: tuple[int, int]) -> None:
    read, write = pipe
    async with writing(write) as output:
        os.close(read)
        await asyncio.wait_for(output.closed.wait(), PATIENCE)
        await output.send(b"to nobody")
    os.close(write)


async def test_a_reader_that_never_reads_does_not_hold_the_end_up(pipe: tuple[int, int]) -> None:
    read, write = pipe
    async with asyncio.timeout(PATIENCE), writing(write) as output:
        sending = asyncio.create_task(output.send(b"x" * 1_000_000))
        await asyncio.wait([sending], timeout=0)
    await sending
    os.close(write)
    os.close(read)


async def test_a_file_is_read_no_faster_than_its_lines_are_taken(tmp_path: Path) -> None:
    size = 50 * 2**20
    with (tmp_path / "in").open("wb") as file:
        file.write(b"first\n")
        file.truncate(size)
    with (tmp_path / "in").open("rb") as file:
        async with reading(file.fileno()) as reader:
            found = lines(reader, 100)
            assert await anext(found) == b"first"
            await holds(lambda: any(thread.name == "stdin" for thread in threading.enumerate()))
            await reader.read(1)
            assert os.lseek(file.fileno(), 0, os.SEEK_CUR) < size / 2
            while await reader.read(2**20):
                pass


async def test_a_full_disk_closes_the_output() -> None:
    descriptor = os.open("/dev/full", os.O_WRONLY)
    async with writing(descriptor) as output:
        await output.send(b"{}")
        assert output.closed.is_set()
    os.close(descriptor)


def test_what_is_said_is_one_short_line_without_what_moves_a_cursor(pipe: tuple[int, int]) -> None:
    read, write = pipe
    say("a\r\n\x1b[31mb\u2028c", write)
    say("x" * 5000, write)
    first, second, rest = os.read(read, 10_000).decode().split("\n")
    assert first == "mcp-gateway: a [31mb c"
    assert (len(second) < 1100, rest) == (True, "")
    assert plain_line(" a\tb ") == "a b"
    os.close(read)
    say("nobody hears this", write)
    os.close(write)
