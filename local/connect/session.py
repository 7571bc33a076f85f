"""One session of the handshake revisions (2024-11-05 … 2025-11-25), as far as HTTP has to know it. Sends nothing."""

from collections.abc import Mapping

from msgspec import Raw

from local.connect.message import read_object, text


class Session:
    """`id` is empty where the server gave none; `version` until `initialize` was answered."""

    def __init__(self, opening: bytes = b"") -> None:
        self.opening = opening  # the client's `initialize`, to be said again in its name
        self.initialized = b""  # its `notifications/initialized`, once it was sent
        self.id = ""
        self.version = ""
        self._offered = ""

    def head(self, headers: Mapping[str, str]) -> None:
        """The head of the reply to `initialize`: its id counts if a result follows."""
        self._offered = headers.get("Mcp-Session-Id", "")

    def result(self, result: Raw) -> None:
        """The result of `initialize`: from here on every request belongs to this session."""
        self.id = self._offered
        self.version = text(read_object(result).get("protocolVersion")) or ""

    @property
    def headers(self) -> dict[str, str]:
        """What goes along with every request after `initialize`."""
        given = {"Mcp-Session-Id": self.id, "MCP-Protocol-Version": self.version}
        return {name: value for name, value in given.items() if value}
