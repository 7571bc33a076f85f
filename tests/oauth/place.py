"""Place: a gateway that verifies tokens, with somebody to issue them, and an adapter and a tool behind it. Processes of this machine."""

import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from tests.fakes.gateway import surroundings, up
from tests.fakes.identity_provider import IdentityProvider
from tests.fakes.images import VERSION
from tests.fakes.ports import free_port
from tests.journeys.caller import DEFINITION

ROLE = "mcp.engineer"  # what one must be granted to use what is there
ADAPTER, TOOL = "guarded", "guarded-tool"
_SECONDS = 30.0  # for a registration


class Place(msgspec.Struct, frozen=True):
    """`url` is the gateway's, and its public origin."""

    url: str
    provider: IdentityProvider

    @property
    def scope(self) -> str:
        """What clients ask for."""
        return f"api://{self.provider.client_id}/access"

    def endpoint(self, path: str) -> str:
        """The URL of one of its endpoints."""
        return self.url + path


@contextmanager
def place(folder: Path) -> Generator[Place]:
    """While the block runs. Raises AssertionError with the gateway's log where it does not start."""
    port = free_port()  # known before it starts: the public origin names it
    with (
        IdentityProvider() as provider,
        up(
            folder / "home", {**surroundings(), **provider.environment(f"http://localhost:{port}")}, port=port
        ) as gateway,
    ):
        made = Place(gateway.url, provider)
        _register(made, "/adapters", ADAPTER, "recorder")
        _register(made, "/tools", TOOL, "tool", toolDefinition={"tool": DEFINITION})
        yield made


def _register(place: Place, path: str, name: str, image: str, **members: Any) -> None:
    body = {"name": name, "imageName": image, "imageVersion": VERSION, "requiredRoles": [ROLE], **members}
    bearer = f"Bearer {place.provider.token('the-owner')}"
    headers = {"Authorization": bearer, "Content-Type": "application/json"}
    request = urllib.request.Request(place.url + path, msgspec.json.encode(body), headers)
    with urllib.request.urlopen(request, timeout=_SECONDS) as reply:
        assert reply.status == 201
