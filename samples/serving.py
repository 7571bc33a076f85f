"""Runs one aiohttp application until a signal asks it to stop. Not an application."""

import asyncio
import signal
import sys

from aiohttp import web

from samples.listen import Listen

# Seconds that handlers which ignore the end of their streams get before they are cancelled.
LAST_WORDS = 1.0


async def serve(app: web.Application, listen: Listen) -> None:
    """Returns after SIGTERM or SIGINT, when the application's own shutdown is complete.

    Raises OSError when the address cannot be bound. Not `web.run_app`: there a second signal (a supervisor that
    sends INT, then TERM) cuts the shutdown short, and with it the end of what the application started.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    # handler_cancellation: a client that hangs up is noticed at once, also while there is nothing to write to it.
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=LAST_WORDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, listen.host, listen.port).start()
        sys.stderr.write(f"listening on http://{listen.host}:{listen.port}\n")
        await stop.wait()
    finally:
        await runner.cleanup()
