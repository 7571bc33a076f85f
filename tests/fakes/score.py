"""Score: one call of the fake tool: what its arguments ask for, and what the process remembers. The answers are elsewhere."""

from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import web

from tests.fakes.diary import Diary
from tests.fakes.incarnation import PID

LONG = 30.0  # seconds; no journey waits that long

type Answer = Callable[[Score], Awaitable[web.StreamResponse]]


class Asked(msgspec.Struct, frozen=True):
    """The arguments that the fake understands; it is sent whatever others a test likes."""

    do: str = "echo"
    key: str = ""
    entry: str = ""
    seconds: float = LONG
    size: int = 0
    status: int = 200
    body: str = ""
    media: str = "application/json"


class Memory:
    """What one process knows of its calls."""

    def __init__(self) -> None:
        self.diary = Diary()
        self.calls = 0
        self.pid = PID


class Score(msgspec.Struct, frozen=True):
    """A call: the request, its body as it came, and what it asks for."""

    request: web.Request
    body: bytes
    asked: Asked
    memory: Memory


def asked(body: bytes) -> Asked:
    """What a body asks for; one that says nothing we understand is echoed."""
    try:
        return msgspec.json.decode(body, type=Asked)
    except msgspec.DecodeError:
        return Asked()
