"""Which URLs nobody on the way can answer for."""

import pytest

from gateway.address import is_on_loopback, is_private


@pytest.mark.parametrize(
    "url", ["https://a.example", "https://a.example:8443/x", "http://127.0.0.2:1", "http://[::1]/x"]
)
def test_tls_and_this_machine_are_private(url: str) -> None:
    assert is_private(url)
    assert is_private(url, loopback=False) == url.startswith("https")


@pytest.mark.parametrize(
    "url",
    [
        "http://a.example",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "http://127.0.0.1@evil.example",
        "http://evil.example#@127.0.0.1",
        "http://10.0.0.1",
        "http://0.0.0.0",
        "ftp://127.0.0.1",
        "https://",
        "https://a@b.example",
        "https://a.example:port",
        "https://[::1",
        "https://a b.example",
        "https://a.example\n",
        "//a.example",
        "file:///etc/passwd",
        "",
    ],
)
def test_everything_else_is_not(url: str) -> None:
    assert not is_private(url)
    assert not is_on_loopback(url)
