"""A server that answers every request with its pid and environment, as JSON; not more HTTP than that takes."""

import json
import os
import socket
from typing import NoReturn


def listen(port: int | None = None, host: str = "127.0.0.1") -> socket.socket:
    """A listening socket on $PORT, or another port."""
    return socket.create_server((host, port or int(os.environ["PORT"])), backlog=64)


def serve(server: socket.socket, status: str = "200 OK") -> NoReturn:
    """Answers for ever."""
    body = json.dumps(
        {"pid": os.getpid(), "parent": os.getppid(), "env": dict(os.environ), "cwd": os.getcwd()}
    ).encode()
    while True:
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
