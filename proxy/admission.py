"""Admission: may this request come in: its Host, its Origin, its caller, the caller's rights. Reads no body, chooses no instance."""

import ipaddress
import re

from gateway.access import may_call, require
from gateway.catalog import Catalog, Listing, until
from gateway.errors import Forbidden, Invalid, Misdirected, NotFound
from gateway.identity import Identify, Principal
from gateway.records import NAME_PATTERN
from proxy.head import RequestHead
from proxy.settings import Settings

UNKNOWN_SECONDS = 1.0  # another replica's 201 may be ahead of our catalog
UNKNOWN_WAITERS = 256

_NAME = re.compile(NAME_PATTERN)
_PORT = re.compile(r":\d+\Z")
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_WILDCARDS = ("", "0.0.0.0", "::")
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Admission:
    """The rules of one listening address."""

    def __init__(self, catalog: Catalog, identify: Identify, settings: Settings) -> None:
        self._catalog = catalog
        self._identify = identify
        self._settings = settings
        self._hosts: frozenset[bytes] = frozenset()
        self._origins: frozenset[bytes] = frozenset()
        self._names = {name.lower().encode() for name in settings.allowed_hosts if not _PORT.search(name)}
        self._waiting = 0

    def bind(self, host: str, port: int) -> None:
        """The address that is listened on: its names are ours."""
        self._hosts = _hosts(self._settings, host, port)
        self._origins = _origins(self._settings, host, port)

    def check_edge(self, head: RequestHead) -> None:
        """Raises Misdirected, Forbidden (Origin), or what is wrong with the head, in this order."""
        fields = head.fields
        self._check_host(fields.once.get(b"host", b""))
        if head.authority:
            self._check_host(head.authority)
        origin = fields.once.get(b"origin")
        if origin is not None and origin.lower() not in self._origins:
            raise Forbidden("Pages of this origin may not call the gateway.")
        if head.version not in ((1, 1), (1, 0)):
            raise Invalid("This is not HTTP/1.1.")
        fields.check()

    def remembered(self, head: RequestHead) -> Principal | None:
        """Who calls, where that is known without asking anybody. Raises Unauthenticated."""
        return self._identify.remembered(head.fields)

    async def caller(self, head: RequestHead) -> Principal:
        """Who calls. Raises Unauthenticated."""
        return await self._identify.verify(head.fields)

    async def awaited(self, name: str) -> Listing:
        """An adapter that is not known yet. Raises NotFound if it is not a moment later either."""
        found = None
        if _NAME.match(name) and self._waiting < UNKNOWN_WAITERS:
            self._waiting += 1
            try:
                found = await until(
                    self._catalog, "adapter", name, lambda listing: listing is not None, UNKNOWN_SECONDS
                )
            finally:
                self._waiting -= 1
        if found is None:
            raise NotFound("There is no such adapter.")
        return found

    def _check_host(self, host: bytes) -> None:
        if host not in self._hosts and not self._is_named(host.lower()):
            text = host.decode("ascii", "replace")[:128]
            raise Misdirected(
                f"`{text}` is not served here. Names that are stand in Proxy__AllowedHosts.", field="host"
            )

    def _is_named(self, host: bytes) -> bool:
        return host in self._hosts or (bool(self._names) and host.rpartition(b":")[0] in self._names)


def check_rights(listing: Listing, caller: Principal) -> None:
    """Raises Forbidden, without a challenge."""
    if not may_call(caller, listing.card):
        require(False, f"call the adapter `{listing.card.name}`")


def _hosts(settings: Settings, host: str, port: int) -> frozenset[bytes]:
    """Every spelling of `Host` that is ours, in lower case."""
    own = [f"{name}:{port}" for name in _bound(host)] + [*_bound(host)]
    return frozenset(name.lower().encode() for name in (*own, *settings.allowed_hosts))


def _origins(settings: Settings, host: str, port: int) -> frozenset[bytes]:
    """Every spelling of `Origin` that is ours: an origin has its port, unless that is its scheme's own (RFC 6454 §6)."""
    own = [
        f"{scheme}://{name}" if port == usual else f"{scheme}://{name}:{port}"
        for scheme, usual in _DEFAULT_PORTS.items()
        for name in _bound(host)
    ]
    named = [f"{scheme}://{name}" for scheme in _DEFAULT_PORTS for name in settings.allowed_hosts]
    public = [settings.public_origin] if settings.public_origin else []
    return frozenset(origin.lower().encode() for origin in (*own, *named, *public))


def _bound(host: str) -> tuple[str, ...]:
    """The names of the address we listen on."""
    if host in _WILDCARDS or host == "localhost":
        return _LOOPBACK  # on all addresses: no name but these is known to be ours
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return (host,)
    if address.is_loopback:
        return _LOOPBACK
    return (f"[{host}]" if address.version == 6 else host,)
