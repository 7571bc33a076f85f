"""Runs a fake on 127.0.0.1:$PORT until a signal. Not a server: an application is handed in."""

import os

from aiohttp import web

LAST_WORDS = 0.2  # seconds for streams that are open at the end


def run(app: web.Application) -> None:
    """Returns after SIGINT or SIGTERM."""
    web.run_app(
        app,
        host="127.0.0.1",
        port=int(os.environ["PORT"]),
        print=None,
        access_log=None,
        shutdown_timeout=LAST_WORDS,
        handler_cancellation=True,  # a client that hangs up cancels the call: tests look for exactly that
    )
