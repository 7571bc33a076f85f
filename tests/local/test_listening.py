"""Who listens on a port: only the child and its kin count."""

import os
import socket
import subprocess
import sys

import pytest

from local import listening
from local.listeners import listeners, listeners_of_proc
from local.listening import dial, ports_of
from tests.local.tiny.images import ROOT
from tests.local.waiting import holds


def listener(host: str, *, v6only: bool = False) -> socket.socket:
    server = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    if ":" in host:
        server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, v6only)
    server.bind((host, 0))
    server.listen()
    return server


@pytest.mark.parametrize(
    ("host", "dialled"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::1", "::1"), ("::", "::1"), ("127.0.0.2", "127.0.0.2")],
)
def test_the_address_to_dial_is_one_that_the_listener_accepts(host: str, dialled: str) -> None:
    for v6only in (False, True):
        with listener(host, v6only=v6only) as server:
            port: int = server.getsockname()[1]
            assert dial(os.getpid(), port) == dialled
            with socket.create_connection((dialled, port), timeout=5):
                pass


def test_ipv4_is_dialled_where_both_are_served() -> None:
    with listener("127.0.0.1") as four:
        port: int = four.getsockname()[1]
        six = socket.socket(socket.AF_INET6)
        with six:
            six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, True)
            six.bind(("::1", port))
            six.listen()
            assert dial(os.getpid(), port) == "127.0.0.1"


async def test_somebody_elses_socket_does_not_count() -> None:
    child = subprocess.Popen([sys.executable, "-S", "-m", "tests.local.tiny.stays"], cwd=ROOT, start_new_session=True)
    try:
        with listener("127.0.0.1") as server:
            port: int = server.getsockname()[1]
            assert dial(os.getpid(), port)
            assert dial(child.pid, port) is None
    finally:
        child.kill()
        child.wait()


async def test_a_grandchilds_socket_counts() -> None:
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port: int = reserved.getsockname()[1]
    environment = {**os.environ, "PORT": str(port)}
    command = [sys.executable, "-S", "-m", "tests.local.tiny.wraps"]
    child = subprocess.Popen(
        command, cwd=ROOT, env=environment, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        await holds(lambda: dial(child.pid, port) == "127.0.0.1")
        assert ports_of(child.pid) == [port]
    finally:
        os.killpg(child.pid, 9)
        child.wait()


def test_a_bound_port_on_which_nobody_listens_yet_does_not_count() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        assert dial(os.getpid(), server.getsockname()[1]) is None


def test_a_process_that_is_gone_listens_on_nothing() -> None:
    child = subprocess.Popen(["true"])
    child.wait()
    assert ports_of(child.pid) == []


def test_without_proc_whoever_answers_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "HAS_PROC", False)
    with listener("127.0.0.1") as server:
        port: int = server.getsockname()[1]
        assert dial(1, port) == "127.0.0.1"
    assert dial(1, port) is None
    assert ports_of(os.getpid()) == []


def test_the_kernel_and_proc_name_the_same_listeners() -> None:
    with listener("127.0.0.1") as four, listener("::1") as six:
        ours = {four.getsockname()[1], six.getsockname()[1]}
        asked = {found for found in listeners() if found.port in ours}
        assert len(asked) == 2
        assert asked == {found for found in listeners_of_proc() if found.port in ours}
