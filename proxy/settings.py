"""Settings of the proxy: a small frozen thing, read once. Keys and the control plane's address are the entry point's to read."""

import re

import msgspec

from gateway.env import Env, SettingsError

# As browsers write one (RFC 6454 §6.2): no path, and nothing that could stand for more than one.
_ORIGIN = re.compile(r"https?://([a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:]+\])(:[1-9][0-9]{0,4})?\Z")
DEFAULT_PORTS = {"http": 80, "https": 443}
_ORIGINS = "Proxy__AllowedOrigins"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Times are in seconds, sizes in bytes."""

    allowed_hosts: tuple[str, ...] = ()
    """Names besides the bound address that `Host` may carry; without a port: with whichever."""
    public_origin: str = ""
    """The origin under which clients reach us (`https://gateway.example.com`)."""
    allowed_origins: tuple[str, ...] = ()
    """Origins, in lower case, whose pages may call and read the answers, besides our own."""
    rate: int = 0
    """Requests of one caller in a second, over all replicas; 0: as many as they like."""
    burst: int = 0
    """Requests that a caller who was idle may send at once; 0: twice the rate."""
    replicas: int = 1
    """Among how many proxies the callers are spread: each allows its share."""
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
        """`Proxy__AllowedHosts__0…`, `Proxy__AllowedOrigins__0…`, `Proxy__RatePerSecond`, `Proxy__RateBurst`,
        `Proxy__Replicas`, `Proxy__HoldSeconds`, `Proxy__BodyLimit`, `Proxy__HeadSeconds`, `PublicOrigin`.

        Raises SettingsError, naming the variable.
        """
        rate = env.integer("Proxy__RatePerSecond", 0, most=1_000_000)
        burst = env.integer("Proxy__RateBurst", max(1, 2 * rate), least=1, most=2_000_000)
        return cls(
            allowed_hosts=tuple(env.list("Proxy__AllowedHosts")),
            public_origin=env.text("PublicOrigin", "").rstrip("/"),
            allowed_origins=_origins(env),
            rate=rate,
            burst=burst if rate else 0,
            replicas=env.integer("Proxy__Replicas", 1, least=1, most=1000),
            hold_seconds=env.integer("Proxy__HoldSeconds", 30, most=3600),
            body_limit=env.integer("Proxy__BodyLimit", 30_000_000, least=1),
            head_seconds=env.integer("Proxy__HeadSeconds", 300, least=1, most=86_400),
        )


def _origins(env: Env) -> tuple[str, ...]:
    if env.text(_ORIGINS, ""):
        raise SettingsError(f"{_ORIGINS}: name each origin by itself: {_ORIGINS}__0, {_ORIGINS}__1 …")
    return tuple(_origin(at, text) for at, text in enumerate(env.list(_ORIGINS)))


def _origin(at: int, text: str) -> str:
    """An origin as browsers write it. Raises SettingsError."""
    name = f"{_ORIGINS}__{at}"
    if "*" in text:
        raise SettingsError(f"{name}: `{text}` would let pages of strangers call; name each origin.")
    origin = text.lower().removesuffix("/")
    if not _ORIGIN.match(origin):
        raise SettingsError(f"{name}: `{text}` is not an origin (https://host, or http://host:port).")
    return origin.removesuffix(f":{DEFAULT_PORTS[origin.partition(':')[0]]}")
