"""Listens; prints the path of every request, `/die` ends it with 7, `/flood` prints a megabyte."""

import os

from tests.local.tiny.server import listen

if __name__ == "__main__":
    server = listen()
    while True:
        connection, _ = server.accept()
        with connection:
            path = connection.recv(65536).split(b" ")[1].decode()
            os.write(1, b"x" * 99 + b"\n" if path == "/flood" else f"{path}\n".encode())
            for _ in range(10_000 if path == "/flood" else 0):
                os.write(1, b"x" * 99 + b"\n")
            if path == "/die":
                os._exit(7)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
