"""Gateway: the one that journeys talk to. Started for the run with the fakes as its images, or any other.

GATEWAY_URL=http://…       a gateway that is running already, and is told nothing any more. Its images must know the fakes by their
                           names and version: locally `python -m tests.fakes.images FILE` and `--images FILE`.
JOURNEY_IDENTITY=dev       it believes dev headers; or `tokens`: it verifies tokens, and its public origin is GATEWAY_URL
JOURNEY_TOKENS=<file>      with GATEWAY_URL and tokens: what signs them, as JSON (`tests/journeys/minting.py`)
JOURNEY_HOLD_SECONDS=30    what that gateway was told as Proxy__HoldSeconds,
JOURNEY_HEAD_SECONDS=300   as Proxy__HeadSeconds
JOURNEY_PAGE_SIZE=50       and as ToolRouter__PageSize; without it, journeys that need to know it are skipped
"""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from tests.fakes.gateway import up
from tests.fakes.ports import free_port
from tests.journeys import proof

HOLD = 3  # seconds, so that a journey that waits for them stays short
HEAD = 6  # more than HOLD: the proxy waits for the router's answer while that waits for a tool
PAGE = 50  # tools on one page, so that lists of a few hundred have several
SETTINGS = {
    "Proxy__HoldSeconds": str(HOLD),
    "Proxy__HeadSeconds": str(HEAD),
    "ToolRouter__PageSize": str(PAGE),
}
_TOLD = {"HOLD_SECONDS": "30", "HEAD_SECONDS": "300", "PAGE_SIZE": "0"}


class Gateway(msgspec.Struct, frozen=True):
    """Where it is, and the settings that journeys have to know. `embedded`: it runs on this machine, for this run alone.

    `page`: tools on one page of the router's list, 0 where that is not known.
    """

    url: str
    hold: float
    head: float
    embedded: bool
    page: int = 0


@contextmanager
def gateway(home: Path) -> Generator[Gateway]:
    """The gateway of GATEWAY_URL, or one of our own that ends with the block. Raises AssertionError with its log."""
    if url := os.environ.get("GATEWAY_URL"):
        hold, head, page = (int(os.environ.get(f"JOURNEY_{name}", default)) for name, default in _TOLD.items())
        yield Gateway(url.rstrip("/"), hold, head, embedded=False, page=page)
        return
    with proof.provided(home.parent), started(home) as own:
        yield own


@contextmanager
def started(home: Path, port: int = 0) -> Generator[Gateway]:
    """A gateway of our own, on a free port unless one is given; it ends with the block. Raises AssertionError with its log."""
    if proof.by_tokens():
        port = port or free_port()  # known before it starts: its public origin has to be
    variables = {**os.environ, **SETTINGS, **proof.environment(f"http://localhost:{port}")}
    with up(home, variables, port=port) as running:
        yield Gateway(running.url, HOLD, HEAD, embedded=True, page=PAGE)
