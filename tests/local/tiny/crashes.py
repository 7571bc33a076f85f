"""Says why, and exits 3, unless the file $WELL is there: then it listens."""

import os
import sys

from tests.local.tiny.server import listen, serve

if __name__ == "__main__":
    if not os.path.exists(os.environ.get("WELL", "")):
        sys.stderr.write("no such flavour\n")
        sys.exit(3)
    serve(listen())
