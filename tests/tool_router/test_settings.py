"""Settings: what the environment may say, and that what it may not is refused by name."""

import pytest

from gateway.env import Env, SettingsError
from tool_router.settings import Settings


def test_environment_that_says_nothing_means_the_usual_settings() -> None:
    assert Settings.from_env(Env({}), ("s",)) == Settings(secrets=("s",))


def test_environment_is_read() -> None:
    names = {
        "ToolRouter__PageSize": "7",
        "ToolRouter__BodyLimit": "8",
        "ToolRouter__ReplyLimit": "9",
        "Proxy__HoldSeconds": "0",
    }
    found = Settings.from_env(Env(names), ("s",))

    assert (found.page_size, found.body_limit, found.reply_limit, found.hold_seconds) == (7, 8, 9, 0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ToolRouter__PageSize", "0"),
        ("ToolRouter__PageSize", "10001"),
        ("ToolRouter__PageSize", "x"),
        ("ToolRouter__BodyLimit", "0"),
        ("ToolRouter__ReplyLimit", "-1"),
        ("Proxy__HoldSeconds", "3601"),
    ],
)
def test_value_that_cannot_be_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.from_env(Env({name: value}), ("s",))
