"""Limits: how large a body may be. How large a head may be, the parsers and `fields` see to; how long a client may be stuck, `sweep`."""

from gateway.errors import TooLarge


def check_size(size: int, limit: int) -> None:
    """Raises TooLarge above `limit` bytes: where the head says so already, or when they have come."""
    if size > limit:
        raise TooLarge(f"A body may have {limit:,} bytes.")
