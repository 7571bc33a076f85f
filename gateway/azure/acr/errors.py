"""What can go wrong while an image is built elsewhere. Messages are for whoever asked for it, and hold no token and no SAS."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Self

from gateway.azure.arm_error import ArmError, Unexpected, Unreachable


class AcrError(Exception):
    """Azure could not be asked, or refused. `status` is HTTP's, 0 where there was no answer; `code` is Azure's, may be empty."""

    def __init__(self, message: str, *, status: int = 0, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    @classmethod
    def of(cls, error: ArmError) -> Self:
        """As a sentence for people, who never heard of the address that was asked."""
        match error:
            case Unreachable():
                return cls(f"Azure could not be reached: {error.code} {error.text}")
            case Unexpected():
                return cls(f"Azure answered something else than was asked for: {error.text}")
            case _:
                message = f"Azure answered {error.status} {error.code}: {error.text}"
                return cls(message, status=error.status, code=error.code)


class NoContext(AcrError):
    """The folder is not one that an image can be built from."""


class BuildFailed(AcrError):
    """The run came to an end, and not to a good one: what went wrong is in its log."""


@contextmanager
def told() -> Generator[None]:
    """Within its block an ArmError is raised as an AcrError."""
    try:
        yield
    except ArmError as error:
        raise AcrError.of(error) from None
