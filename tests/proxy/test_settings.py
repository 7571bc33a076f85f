"""Settings come from the environment, and what is wrong is refused by name."""

import pytest

from gateway.env import Env, SettingsError
from proxy.settings import Settings


def test_settings_come_from_the_environment() -> None:
    assert Settings.from_env(Env({})) == Settings()
    given = {
        "Proxy__AllowedHosts__0": "a.example",
        "Proxy__AllowedHosts__1": "b.example:1",
        "Proxy__AllowedOrigins__0": "https://App.example:443/",
        "Proxy__AllowedOrigins__1": "http://[::1]:6274",
        "Proxy__RatePerSecond": "100",
        "Proxy__RateBurst": "150",
        "Proxy__Replicas": "3",
        "Proxy__HoldSeconds": "5",
        "Proxy__BodyLimit": "1000",
        "Proxy__HeadSeconds": "60",
        "PublicOrigin": "https://a.example/",
    }
    assert Settings.from_env(Env(given)) == Settings(
        allowed_hosts=("a.example", "b.example:1"),
        allowed_origins=("https://app.example", "http://[::1]:6274"),
        rate=100,
        burst=150,
        replicas=3,
        hold_seconds=5,
        body_limit=1000,
        head_seconds=60,
        public_origin="https://a.example",
    )


def test_burst_is_twice_the_rate_unless_it_is_said() -> None:
    assert Settings.from_env(Env({"Proxy__RatePerSecond": "7"})).burst == 14
    assert Settings.from_env(Env({"Proxy__RateBurst": "7"})).burst == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Proxy__HoldSeconds", "-1"),
        ("Proxy__BodyLimit", "-1"),
        ("Proxy__HeadSeconds", "-1"),
        ("Proxy__RatePerSecond", "-1"),
        ("Proxy__RatePerSecond", "0.5"),
        ("Proxy__RateBurst", "0"),
        ("Proxy__Replicas", "0"),
    ],
)
def test_wrong_settings_are_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.from_env(Env({name: value}))


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "https://*",
        "https://*.example.com",
        "null",
        "app.example.com",
        "//app.example.com",
        "https://",
        "https://a.example/app",
        "https://a.example?x",
        "https://a.example:0",
        "https://a.example:x",
        "https://u@a.example",
        "ftp://a.example",
        "https://a.example, https://b.example",
        "https://a..example",
        "https://é.example",
    ],
)
def test_what_is_no_origin_is_named(origin: str) -> None:
    with pytest.raises(SettingsError, match="Proxy__AllowedOrigins__1"):
        Settings.from_env(Env({"Proxy__AllowedOrigins__0": "https://a.example", "Proxy__AllowedOrigins__1": origin}))


def test_origins_in_one_variable_are_refused() -> None:
    with pytest.raises(SettingsError, match="Proxy__AllowedOrigins__0"):
        Settings.from_env(Env({"Proxy__AllowedOrigins": "*"}))
