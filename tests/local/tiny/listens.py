"""Listens on $PORT, says so on both outputs, answers."""

import sys

from tests.local.tiny.server import listen, serve

if __name__ == "__main__":
    server = listen()
    sys.stdout.write("ready on stdout\n")
    sys.stdout.flush()
    sys.stderr.write("ready on stderr\n")
    serve(server)
