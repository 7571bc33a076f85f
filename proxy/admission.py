"""Admission: may this request come in: its Host, its Origin, its caller, the caller's rights. Reads no body, chooses no instance."""

import ipaddress
import re

from gateway.access import may_call, require
from gateway.catalog import Catalog, Listing, until
from gateway.errors import Forbidden, GatewayError, Invalid, Misdirected, NotFound, Unauthenticated, Unavailable
from gateway.identity import Identify, Principal
from proxy.cors import ANYONE, Cors
from proxy.fields import Ambiguous
from proxy.head import RequestHead
from proxy.request import Request
from proxy.routes import PROBES, is_metadata
from proxy.settings import DEFAULT_PORTS, Settings
from proxy.turns import turns

UNKNOWN_SECONDS = 1.0  # another replica's 201 may be ahead of our catalog
UNKNOWN_WAITERS = 256

_PORT = re.compile(r":\d+\Z")
_PORT_DIGITS = 5
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_WILDCARDS = ("", "0.0.0.0", "::")


class Admission:
    """The rules of one listening address. `turns`: None where callers may come as often as they like."""

    def __init__(self, catalog: Catalog, identify: Identify, settings: Settings, cors: Cors) -> None:
        self.turns = turns(settings)
        self._catalog = catalog
        self._identify = identify
        self._settings = settings
        self._cors = cors
        self._hosts: frozenset[bytes] = frozenset()
        self._origins: frozenset[bytes] = frozenset()
        self._names = {name.lower().encode() for name in settings.allowed_hosts if not _PORT.search(name)}
        self._waiting = 0

    def bind(self, host: str, port: int) -> None:
        """The address that is listened on: its names are ours."""
        self._hosts = _hosts(self._settings, host, port)
        self._origins = _origins(self._settings, host, port)

    def check_edge(self, head: RequestHead) -> None:
        """Raises Misdirected, Forbidden (Origin), or what is wrong with the head, in this order; before all, Ambiguous
        where nobody can say where the request ends.

        Notes at the head what pages of its origin are told.
        """
        fields = head.fields
        if not head.is_framed:
            raise Ambiguous("transfer-encoding: only `chunked` is known here, of HTTP/1.1.", field="transfer-encoding")
        origin = fields.once.get(b"origin", b"").lower()
        head.cors = ANYONE if is_metadata(head.path) else self._cors.lines(origin)
        if head.path in PROBES:  # they come with an address for a Host
            return
        self._check_host(fields.once.get(b"host", b""))
        if head.authority:
            self._check_host(head.authority)
        if b"origin" in fields.once and not head.cors and origin not in self._origins:
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

    def known_as(self, head: RequestHead) -> str:
        """The id of whoever calls, as far as that is known; nothing is looked up."""
        try:
            caller = self._identify.remembered(head.fields)
        except GatewayError:
            return ""
        return caller.id if caller is not None else ""

    async def take_turn(self, request: Request) -> None:
        """Takes a turn of whoever calls. Of nobody we know, none: the control plane refuses those itself.

        Raises TooManyRequests.
        """
        if self.turns is None:
            return
        try:
            caller = self.remembered(request.head) or await self.caller(request.head)
        except (Unauthenticated, Forbidden, Unavailable):
            return
        await self.turns.take(request, caller)

    async def awaited(self, name: str) -> Listing:
        """An adapter that is not known yet. Raises NotFound if it is not a moment later either."""
        found = None
        if self._waiting < UNKNOWN_WAITERS:
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
        if host in self._hosts:
            return True
        name, _, port = host.rpartition(b":")
        return name in self._names and port.isdigit() and len(port) <= _PORT_DIGITS


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
        for scheme, usual in DEFAULT_PORTS.items()
        for name in _bound(host)
    ]
    named = [f"{scheme}://{name}" for scheme in DEFAULT_PORTS for name in settings.allowed_hosts]
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
