"""Listens; answers 503 until the file $WELL is there."""

import os

from tests.local.tiny.server import listen

if __name__ == "__main__":
    server = listen()
    while True:
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            status = b"200 OK" if os.path.exists(os.environ["WELL"]) else b"503 Not yet"
            connection.sendall(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")
