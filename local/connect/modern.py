"""2026-07-28: every request stands for itself. What a stdio client says in the body is said in headers as well."""

from collections.abc import Mapping

from local.connect.awaited import Awaited
from local.connect.carrier import Carrier
from local.connect.endpoint import BROKE, NoAnswer
from local.connect.header_value import header_value
from local.connect.message import Message, text
from local.connect.mirrors import Mirrors

HANDSHAKE = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
# "Standard Request Headers"; tasks are an extension (SEP-2663).
_NAMED: Mapping[str, str] = {
    "tools/call": "name",
    "prompts/get": "name",
    "resources/read": "uri",
    "tasks/get": "taskId",
    "tasks/update": "taskId",
    "tasks/cancel": "taskId",
}


class Modern:
    """`version` is the one the client last spoke, for notifications, which do not say it."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier
        self._mirrors = Mirrors()
        self.version = ""

    async def request(self, line: bytes, message: Message, awaited: Awaited) -> None:
        """Raises NoAnswer. Cancelling it closes the HTTP stream, which is how a request is cancelled in this era."""
        if message.name == "tools/list":
            awaited.on_result = self._mirrors.learn
        refusal = await self._carrier.post(line, self._headers(message), awaited)
        if refusal:
            await self._carrier.refused(awaited, refusal)
        elif awaited:
            await self._carrier.refuse(awaited, BROKE)

    async def notify(self, line: bytes, message: Message) -> None:
        """Raises NoAnswer."""
        if refusal := await self._carrier.post(line, self._headers(message), Awaited()):
            raise NoAnswer(refusal.why)

    def _headers(self, message: Message) -> dict[str, str]:
        version = message.version or self.version
        headers = {"MCP-Protocol-Version": header_value(version), "Mcp-Method": header_value(message.name)}
        if (member := _NAMED.get(message.name)) and (name := text(message.param(member))):
            headers["Mcp-Name"] = header_value(name)
            if message.name == "tools/call":
                headers |= self._mirrors.headers(name, message.param("arguments"))
        return headers


def is_modern(version: str) -> bool:
    """Whether what a message says in `_meta` belongs to this era: the rule of the servers, read from the other side."""
    return bool(version) and version not in HANDSHAKE
