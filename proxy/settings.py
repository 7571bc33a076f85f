"""Settings of the proxy: a small frozen thing, read once. Keys and the control plane's address are the entry point's to read."""

import msgspec

from gateway.env import Env


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Times are in seconds, sizes in bytes."""

    allowed_hosts: tuple[str, ...] = ()
    """Names besides the bound address that `Host` may carry; without a port: with whichever."""
    public_origin: str = ""
    """The origin under which clients reach us (`https://gateway.example.com`)."""
    hold_seconds: float = 30.0
    """How long a request waits for an instance to become ready."""
    body_limit: int = 30_000_000
    head_seconds: float = 300.0
    """How long an instance may take to begin its answer."""
    drain_seconds: float = 20.0
    """How long requests in flight may go on once the process is asked to end."""
    idle_seconds: float = 75.0
    """How long a client's connection may lie idle, or take to send a head."""
    stall_seconds: float = 60.0
    """How long a client may neither take nor give a byte that is due."""
    fast_lane: bool = True
    """Whether plain requests pass by aiohttp's server. Tests run without it too: nothing but the cost may change."""
    slow_seconds: float = 10.0
    """From when on a call is worth a log line."""

    @classmethod
    def from_env(cls, env: Env) -> "Settings":
        """`Proxy__AllowedHosts__0…`, `Proxy__HoldSeconds`, `Proxy__BodyLimit`, `Proxy__HeadSeconds`, `PublicOrigin`.

        Raises SettingsError, naming the variable.
        """
        return cls(
            allowed_hosts=tuple(env.list("Proxy__AllowedHosts")),
            public_origin=env.text("PublicOrigin", "").rstrip("/"),
            hold_seconds=env.integer("Proxy__HoldSeconds", 30, most=3600),
            body_limit=env.integer("Proxy__BodyLimit", 30_000_000, least=1),
            head_seconds=env.integer("Proxy__HeadSeconds", 300, least=1, most=86_400),
        )
