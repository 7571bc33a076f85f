"""Waiting for a condition that others change."""

import asyncio

from local.bell import Bell


async def test_a_condition_that_holds_needs_no_ring() -> None:
    assert await Bell().until(lambda: True, 0)


async def test_a_ring_makes_everyone_look_again() -> None:
    bell, values = Bell(), [0]
    waiting = [asyncio.create_task(bell.until(lambda n=n: values[0] >= n, 10)) for n in (1, 2, 2)]
    for value in (1, 2):
        await asyncio.sleep(0)
        values[0] = value
        bell.ring()
    assert await asyncio.gather(*waiting) == [True, True, True]


async def test_waiting_is_bounded_and_says_how_it_ended() -> None:
    assert not await Bell().until(lambda: False, 0.01)


async def test_a_waiter_that_is_cancelled_disturbs_no_other() -> None:
    bell, done = Bell(), False
    first = asyncio.create_task(bell.until(lambda: done))
    second = asyncio.create_task(bell.until(lambda: done, 10))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    done = True
    bell.ring()
    assert await second
