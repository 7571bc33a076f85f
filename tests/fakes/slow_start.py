"""SlowStart: a well-behaved recorder that listens only after $START_SECONDS."""

import os
import time

from tests.fakes.recorder import application
from tests.fakes.serving import run

if __name__ == "__main__":
    time.sleep(float(os.environ.get("START_SECONDS", "2")))  # the misbehaviour itself, not a wait for something
    run(application())
