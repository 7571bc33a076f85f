"""Leases: nobody gets a port that another has, or that is in use."""

import socket
from contextlib import ExitStack

import pytest

from local.ports import NoPort, Ports


def free_range(count: int) -> range:
    """Neighbouring ports that nobody uses now."""
    for start in range(40000, 60000, count):
        try:
            with ExitStack() as stack:
                for port in range(start, start + count):
                    stack.enter_context(socket.create_server(("127.0.0.1", port)))
        except OSError:
            continue
        return range(start, start + count)
    raise AssertionError("no free ports")


def test_leases_differ_until_the_range_is_used_up() -> None:
    ports = Ports(free_range(4))
    with ExitStack() as stack:
        assert len({stack.enter_context(ports.lease()) for _ in range(4)}) == 4
        with pytest.raises(NoPort, match="in use"), ports.lease():
            pass
    with ports.lease():
        pass


def test_a_port_just_given_back_rests() -> None:
    ports = Ports(free_range(4))
    with ports.lease() as first:
        pass
    with ports.lease() as second:
        pass
    assert second != first


def test_a_port_that_somebody_listens_on_is_passed_over() -> None:
    there = free_range(2)
    with socket.create_server(("127.0.0.1", there[0])), Ports(there).lease() as port:
        assert port == there[1]


def test_a_port_comes_back_after_an_error() -> None:
    ports = Ports(free_range(1))
    with pytest.raises(ZeroDivisionError), ports.lease():
        raise ZeroDivisionError
    with ports.lease():
        pass
