"""The outbox: nobody waits for it, nothing in it grows without end, and what did not arrive is counted."""

import logging
import threading
import time
from collections.abc import Callable

import pytest

from gateway.outbox import BATCH, END, Outbox


class Post:
    """Where an outbox sends to. `held`: it takes batches, and says nothing until `go` is set."""

    def __init__(self, *, arrives: bool = True, held: bool = False) -> None:
        self.batches: list[list[int]] = []
        self.arrives = arrives
        self.go = threading.Event()
        self._news = threading.Condition()
        if not held:
            self.go.set()

    def send(self, batch: list[int]) -> bool:
        with self._news:
            self.batches.append(batch)
            self._news.notify_all()
        self.go.wait()
        return self.arrives

    def until(self, holds: Callable[[], bool]) -> None:
        with self._news:
            assert self._news.wait_for(holds, 10)

    @property
    def things(self) -> list[int]:
        return [thing for batch in self.batches for thing in batch]


def _outbox(post: Post, waiting: int = 10_000) -> Outbox[int]:
    return Outbox("things", post.send, lambda: "nobody is there", waiting=waiting)


def test_things_arrive_in_their_order_and_in_batches() -> None:
    post = Post()
    outbox = _outbox(post)
    for thing in range(3 * BATCH + 1):
        outbox.put(thing)
    outbox.close(lambda: None)

    assert post.things == list(range(3 * BATCH + 1))
    assert max(map(len, post.batches)) <= BATCH
    assert outbox.lost == 0


def test_thing_alone_is_sent_without_another() -> None:
    post = Post()
    outbox = _outbox(post)
    outbox.put(1)
    post.until(lambda: post.things == [1])
    outbox.close(lambda: None)


def test_what_does_not_fit_is_counted_and_the_rest_arrives() -> None:
    post = Post(held=True)
    outbox = _outbox(post, waiting=BATCH)
    for thing in range(BATCH):
        outbox.put(thing)
    post.until(lambda: len(post.batches) == 1)
    for thing in range(BATCH + 7):
        outbox.put(thing)

    assert outbox.lost == 7
    post.go.set()
    outbox.close(lambda: None)
    assert len(post.things) == 2 * BATCH
    assert outbox.lost == 7


def test_end_does_not_wait_for_who_hangs(caplog: pytest.LogCaptureFixture) -> None:
    post = Post(held=True)
    outbox = _outbox(post)
    for thing in range(BATCH):
        outbox.put(thing)
    post.until(lambda: len(post.batches) == 1)
    outbox.put(1)
    started = time.monotonic()
    outbox.close(post.go.set)

    assert time.monotonic() - started < END + 0.5
    assert outbox.lost == BATCH + 1
    assert [record.getMessage() for record in caplog.records] == [
        f"{BATCH + 1} things did not arrive, {BATCH + 1} in all: nobody is there"
    ]


def test_losses_are_said_once_and_the_rest_of_them_at_the_end(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    post = Post(arrives=False)
    outbox = _outbox(post)
    for count in range(1, 4):
        outbox.put(count)
        post.until(lambda count=count: len(post.things) == count)
    outbox.close(lambda: None)

    said = [record.getMessage() for record in caplog.records]
    assert len(said) <= 2, "at once, and at the end: not once for each"
    assert said[-1].endswith(" things did not arrive, 3 in all: nobody is there")


def test_send_that_breaks_loses_its_batch_alone(caplog: pytest.LogCaptureFixture) -> None:
    arrived: list[int] = []

    def send(batch: list[int]) -> bool:
        if batch == [1]:
            raise ValueError("cannot be encoded")
        arrived.extend(batch)
        return True

    outbox = Outbox("things", send, lambda: "it broke")
    outbox.put(1)
    deadline = time.monotonic() + 10
    while not outbox.lost and time.monotonic() < deadline:
        time.sleep(0.01)  # nothing tells when a count changes
    outbox.put(2)
    outbox.close(lambda: None)

    assert (arrived, outbox.lost) == ([2], 1)
    assert "things could not be sent" in caplog.text


def test_nothing_is_taken_after_the_end() -> None:
    post = Post()
    outbox = _outbox(post)
    outbox.close(lambda: None)
    outbox.put(1)

    assert (post.things, outbox.lost) == ([], 1)
