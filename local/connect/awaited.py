"""The requests of one line that still wait for their answers: recognises these among what comes back. Sends nothing."""

from collections.abc import Callable, Iterable

from msgspec import Raw, UnsetType

from local.connect.message import INTERNAL_ERROR, Message, error_line, read, same, with_id


class Awaited:
    """As long as what is missing. `on_result` hears each result before it is passed on; `silent` keeps the answers back."""

    def __init__(self, messages: Iterable[Message] = (), *, silent: bool = False) -> None:
        self._ids = {
            same(message.id): Raw(bytes(message.id))
            for message in messages
            if message.is_request and not isinstance(message.id, UnsetType)
        }
        self.on_result: Callable[[Raw], None] = lambda _: None
        self._silent = silent

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def ids(self) -> Iterable[bytes]:
        """Those that are still open, comparable."""
        return tuple(self._ids)

    def forget(self, id: bytes) -> None:
        """Nobody waits for this one any more."""
        self._ids.pop(id, None)

    def take(self, line: bytes) -> bytes:
        """The line to pass on for one that came, or nothing. Raises Malformed."""
        messages = read(line)
        before = len(self._ids)
        nameless = False
        for message in messages:
            nameless |= self._settle(message)
        if nameless and before == 1 and line.startswith(b"{"):
            # An error with `id: null` on the reply to one request can only be the answer to that.
            ((id, raw),) = self._ids.items()
            self.forget(id)
            line = with_id(line, raw)
        return b"" if self._silent and len(self._ids) < before else line

    def _settle(self, message: Message) -> bool:
        """Strikes out what a response answers; whether it is one that says no id."""
        if not message.is_response:
            return False
        if isinstance(message.id, UnsetType) or bytes(message.id) == b"null":
            return not isinstance(message.error, UnsetType)
        if self._ids.pop(same(message.id), None) is not None and not isinstance(message.result, UnsetType):
            self.on_result(message.result)
        return False

    def refuse(self, why: str, code: int = INTERNAL_ERROR) -> list[bytes]:
        """Error lines for all that is still open; nothing is afterwards."""
        lines = [] if self._silent else [error_line(id, code, why) for id in self._ids.values()]
        self._ids.clear()
        return lines
