"""Starts the server as a child of its own and waits for it, as npx and uvx do."""

import subprocess
import sys

if __name__ == "__main__":
    sys.exit(subprocess.call([sys.executable, "-m", "tests.local.tiny.listens"]))
