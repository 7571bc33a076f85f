"""Ports for what must know its own before it starts. Where a server can say which it got, let it take port 0 instead."""

import socket


def free_port() -> int:
    """A port of loopback that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
