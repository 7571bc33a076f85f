"""Listens, and ends on neither INT nor TERM."""

import signal

from tests.local.tiny.server import listen, serve

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    serve(listen())
