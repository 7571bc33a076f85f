"""Starts a grandchild in a session of its own, as browsers do, and listens."""

import subprocess
import sys

from tests.local.tiny.server import listen, serve

if __name__ == "__main__":
    subprocess.Popen([sys.executable, "-m", "tests.local.tiny.stays"], start_new_session=True)
    serve(listen())
