"""ArmError: what Azure answers instead of what was asked for. Messages hold no token, and of an address never its query."""


class ArmError(Exception):
    """Azure refused. `asked` is what was (`GET /subscriptions/…`), `status` HTTP's, `code` and `text` Azure's; both may be empty."""

    def __init__(self, asked: str, text: str = "", *, status: int = 0, code: str = "") -> None:
        super().__init__(f"{asked}: {self._trouble(text, status, code)}")
        self.asked, self.text, self.status, self.code = asked, text, status, code

    def _trouble(self, text: str, status: int, code: str) -> str:
        return " ".join(part for part in (str(status), f"{code}:" if code and text else code, text) if part)


class Forbidden(ArmError):
    """Whoever asks may not."""


class Unreachable(ArmError):
    """There was no answer. `code` is the kind of failure, `text` its cause."""

    def _trouble(self, text: str, status: int, code: str) -> str:
        return f"cannot be reached ({code})"


class Unexpected(ArmError):
    """An answer of another shape than documented; `text` says where."""

    def _trouble(self, text: str, status: int, code: str) -> str:
        return f"something else than was asked for: {text}"
