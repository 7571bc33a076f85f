"""Address: what of a host, or of the URL of a server, can be told without asking anybody: who could listen in, or reach it. Pure."""

import ipaddress
from urllib.parse import SplitResult, urlsplit


def is_private(url: str, *, loopback: bool = True) -> bool:
    """Whether nobody on the way can change what this URL says: https, or, where `loopback` may be, http on this machine."""
    parts = split(url)
    return parts is not None and (parts.scheme == "https" or (loopback and is_on_loopback(url)))


def is_on_loopback(url: str) -> bool:
    """Whether this is an http URL of this machine."""
    parts = split(url)
    return parts is not None and parts.scheme == "http" and is_loopback(parts.hostname or "")


def split(url: str) -> SplitResult | None:
    """The parts of an http or https URL that names a host and nobody; None where it is none."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises, where it is no number
    except ValueError:
        return None
    sound = parts.scheme in ("http", "https") and parts.hostname and parts.username is None and url.isprintable()
    return parts if sound and " " not in url else None


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach it. A name other than `localhost` may lead anywhere."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
