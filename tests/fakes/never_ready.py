"""NeverReady: a process that lives and never listens."""

import signal
import sys

if __name__ == "__main__":
    sys.stderr.write("still getting ready\n")
    sys.stderr.flush()
    signal.pause()
