"""build_image: from files to a reference, with everything in between said as it happens."""

import asyncio
from collections.abc import Callable

from gateway.azure.acr.context import Context
from gateway.azure.acr.errors import AcrError, told
from gateway.azure.acr.log import Log
from gateway.azure.acr.registry import Registry
from gateway.azure.acr.run import Order, Run, State, outcome
from gateway.azure.arm import Arm
from gateway.azure.arm_error import ArmError

PAUSE = 2.0  # seconds between two questions; nothing tells when a run goes on
_SLACK = 600.0  # seconds beyond the run's own limit: it may queue
_CANCELLING = 15.0  # seconds
_LAST_LINES = 10  # readings after the end of the run: its log may come later

type Say = Callable[[str], None]


async def build_image(
    arm: Arm, registry: Registry, context: Context, order: Order, say: Say, *, pause: float = PAUSE
) -> str:
    """`name.azurecr.io/image@sha256:…`. Cancelled, it cancels the run. Raises AcrError; BuildFailed where the build did."""
    with told():
        return await _built(arm, registry, context, order, say, pause)


async def _built(arm: Arm, registry: Registry, context: Context, order: Order, say: Say, pause: float) -> str:
    say(f"Sending {context.files} files ({len(context.archive) / 2**20:.1f} MiB) to {registry.name} …")
    run = await Run.begin(arm, registry, context, order)
    say(f"Building {order.image} as run {run.id} …")
    try:
        async with asyncio.timeout(order.seconds + _SLACK):
            return outcome(await _followed(run, Log(arm, run), say, pause), registry, order)
    except TimeoutError:
        await _cancelled(run)
        raise AcrError(f"Build {run.id} took longer than {order.seconds + _SLACK:.0f} s, and was cancelled.") from None
    except asyncio.CancelledError:
        await _cancelled(run)
        say(f"Build {run.id} is cancelled.")
        raise


async def _followed(run: Run, log: Log, say: Say, pause: float) -> State:
    while True:
        state = await run.state()  # before its log: what is said up to the end is read after it
        await _pass_on(log, say)
        if state.has_ended:
            break
        await asyncio.sleep(pause)
    for _ in range(_LAST_LINES):
        if log.is_complete:
            break
        await asyncio.sleep(pause)
        await _pass_on(log, say)
    return state


async def _pass_on(log: Log, say: Say) -> None:
    """A log that cannot be read spoils no build."""
    try:
        for line in await log.more():
            say(line)
    except ArmError as error:
        say(f"(log: {AcrError.of(error)})")


async def _cancelled(run: Run) -> None:
    """The caller is ending: what the run costs should end too, if Azure answers soon."""
    try:
        async with asyncio.timeout(_CANCELLING):
            await run.cancel()
    except (ArmError, TimeoutError):
        return  # it has ended, or ends by its own limit
