"""AuthorizationError: why nobody is signed in, with Entra's number for it. What a client is told, and where."""

from typing import Any


class AuthorizationError(Exception):
    """`name` is OAuth's (RFC 6749 §5.2, RFC 8707 §2), `number` Entra's."""

    def __init__(self, name: str, number: int, text: str) -> None:
        super().__init__(f"AADSTS{number}: {text}")
        self.name = name
        self.number = number

    @property
    def body(self) -> dict[str, Any]:
        """As the token endpoint says it."""
        return {"error": self.name, "error_description": str(self), "error_codes": [self.number]}
