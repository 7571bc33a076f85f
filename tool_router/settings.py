"""Settings of the tool router: a small frozen thing, read once. Seal keys are the entry point's to read."""

import msgspec

from gateway.env import Env


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Times are in seconds, sizes in bytes."""

    secrets: tuple[str, ...]
    """What the proxy proves itself with; the second one only while it is being changed."""
    page_size: int = 1000
    """Tools on one page of a list, at most."""
    page_bytes: int = 1_048_576
    """Definitions on one page, at most, unless one alone has more."""
    body_limit: int = 4_194_304
    reply_limit: int = 10_000_000
    hold_seconds: float = 30.0
    """How long a call waits for an instance of its tool to become ready."""
    silence_seconds: float = 15.0
    """After how long a silent answer becomes a stream that is kept alive."""
    notice_seconds: float = 0.25
    """The least time between two notices of a changed list."""
    drain_seconds: float = 20.0
    idle_seconds: float = 75.0
    fast_lane: bool = True
    """Whether plain requests pass by aiohttp's server. Tests run without it too: nothing but the cost may change."""
    streams: int = 20_000
    """Open streams of notices, at most."""

    @classmethod
    def from_env(cls, env: Env, secrets: tuple[str, ...]) -> "Settings":
        """`ToolRouter__PageSize`, `ToolRouter__BodyLimit`, `ToolRouter__ReplyLimit`, `Proxy__HoldSeconds`.

        Raises SettingsError, naming the variable.
        """
        return cls(
            secrets=secrets,
            page_size=env.integer("ToolRouter__PageSize", 1000, least=1, most=10_000),
            body_limit=env.integer("ToolRouter__BodyLimit", 4_194_304, least=1),
            reply_limit=env.integer("ToolRouter__ReplyLimit", 10_000_000, least=1),
            hold_seconds=env.integer("Proxy__HoldSeconds", 30, most=3600),
        )
