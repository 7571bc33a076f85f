"""Line: one connection to the gateway by plain blocking sockets, kept alive. No HTTP client: every byte is the test's own."""

import socket
from types import TracebackType
from typing import Self

import msgspec

type Pairs = list[tuple[str, str]]

SECONDS = 10.0


class Answer(msgspec.Struct, frozen=True):
    """Status, header lines with names in lower case, and the body."""

    status: int
    lines: Pairs
    body: bytes

    def names(self) -> set[str]:
        """The names of all lines."""
        return {name for name, _ in self.lines}

    def values(self, name: str) -> list[str]:
        """All values of a header."""
        return [value for key, value in self.lines if key == name]


class Line:
    """`with Line(port) as line`: one connection after another to a port of this machine, as the other side closes them."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None
        self._read = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def ask(
        self, method: str, target: str, lines: Pairs, body: bytes = b"", *, host: str = "", bodiless: bool = False
    ) -> Answer:
        """The answer to a request with these very lines, after `Host` and `Content-Length`. Raises OSError."""
        first = [f"{method} {target} HTTP/1.1", f"Host: {host or f'localhost:{self._port}'}"]
        size = [f"Content-Length: {len(body)}"] if body else []
        text = "\r\n".join([*first, *(f"{name}: {value}" for name, value in lines), *size, "", ""])
        return self.send(text.encode("latin-1") + body, bodiless=bodiless)

    def send(self, raw: bytes, *, bodiless: bool = False) -> Answer:
        """The answer to these very bytes. Raises OSError, also where the other side says nothing. `bodiless`: as to HEAD."""
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), SECONDS)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(raw)
        answer = self._answer(bodiless=bodiless)
        if "close" in answer.values("connection"):
            self._close()
        return answer

    def _answer(self, *, bodiless: bool) -> Answer:
        first, *lines = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")[:-2]
        pairs = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
        answer = Answer(int(first.split(" ")[1]), pairs, b"")
        return answer if bodiless else msgspec.structs.replace(answer, body=self._body(answer))

    def _body(self, answer: Answer) -> bytes:
        if "chunked" in answer.values("transfer-encoding"):
            whole = b""
            while size := int(self._until(b"\r\n"), 16):
                whole += self._exactly(size + 2)[:-2]
            self._until(b"\r\n")
            return whole
        return self._exactly(int((answer.values("content-length") or ["0"])[0]))

    def _until(self, end: bytes) -> bytes:
        while end not in self._read:
            self._more()
        found, _, self._read = self._read.partition(end)
        return found + end

    def _exactly(self, size: int) -> bytes:
        while len(self._read) < size:
            self._more()
        found, self._read = self._read[:size], self._read[size:]
        return found

    def _more(self) -> None:
        assert self._socket is not None
        data = self._socket.recv(65_536)
        if not data:
            self._close()
            raise ConnectionError("it closed without an answer")
        self._read += data

    def _close(self) -> None:
        self._read = b""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
