"""Starts a grandchild that holds its output open, listens itself, and ends on INT while the grandchild stays."""

import signal
import subprocess
import sys

from tests.local.tiny.server import listen, serve

if __name__ == "__main__":
    subprocess.Popen([sys.executable, "-m", "tests.local.tiny.stays"])
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    serve(listen())
