"""A few at a time."""

import asyncio

from local.gate import Gate


async def test_as_many_enter_as_it_is_wide_and_the_next_when_one_leaves() -> None:
    gate, inside = Gate(2), 0
    most = 0

    async def pass_through() -> None:
        nonlocal inside, most
        assert await gate.enter(lambda: False)
        inside += 1
        most = max(most, inside)
        for _ in range(3):
            await asyncio.sleep(0)
        inside -= 1
        gate.leave()

    async with asyncio.timeout(10):
        await asyncio.gather(*(pass_through() for _ in range(9)))
    assert (most, inside) == (2, 0)


async def test_who_gives_up_takes_no_place() -> None:
    gate, tired = Gate(1), False
    assert await gate.enter(lambda: False)
    waiting = asyncio.create_task(gate.enter(lambda: tired))
    await asyncio.sleep(0)
    tired = True
    gate.bell.ring()
    assert not await waiting
    gate.leave()
    assert await gate.enter(lambda: False)
