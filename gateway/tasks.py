"""Tasks in the background: named, and never lost in silence."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager

_log = logging.getLogger(__name__)


def background(work: Coroutine[None, None, None], name: str) -> asyncio.Task[None]:
    """Runs `work`; the caller keeps the task and ends it. An error ends up in the log even where nobody awaits it."""
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(_report)
    return task


@asynccontextmanager
async def beside(work: Coroutine[None, None, None], name: str) -> AsyncGenerator[None]:
    """Runs `work` while the block does, and returns when it has ended."""
    task = background(work, name)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        _log.error("%s ended: %s", task.get_name(), error, exc_info=error)
