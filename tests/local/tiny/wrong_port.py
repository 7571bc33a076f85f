"""Listens, but on a port of its own choice."""

import socket

from tests.local.tiny.server import serve

if __name__ == "__main__":
    serve(socket.create_server(("127.0.0.1", 0)))
