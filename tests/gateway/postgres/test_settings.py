"""Settings of the PostgreSQL store: read once, refused by name, and never shown."""

import pytest
from psycopg.conninfo import conninfo_to_dict

from gateway.env import SettingsError
from gateway.postgres.settings import Settings

_NAME = "Postgres__ConnectionString"


@pytest.mark.parametrize(
    "given",
    [
        "postgresql://ada:secret-7@db.example:5433/records?sslmode=require",
        "host=db.example port=5433 user=ada password=secret-7 dbname=records sslmode=require",
    ],
)
def test_both_forms_of_a_connection_string_mean_the_same(given: str) -> None:
    values = conninfo_to_dict(Settings.from_env({_NAME: given}).conninfo)
    assert (values["host"], values["port"], values["user"]) == ("db.example", "5433", "ada")
    assert (values["password"], values["dbname"], values["sslmode"]) == ("secret-7", "records", "require")


def test_waits_are_bounded_unless_the_connection_string_says_otherwise() -> None:
    values = conninfo_to_dict(Settings.from_env({_NAME: "host=db"}).conninfo)
    assert (values["connect_timeout"], values["application_name"]) == ("5", "mcp-gateway")
    values = conninfo_to_dict(Settings.from_env({_NAME: "host=db connect_timeout=9"}).conninfo)
    assert values["connect_timeout"] == "9"


def test_a_password_with_odd_characters_arrives_as_it_was_written() -> None:
    settings = Settings.from_env({_NAME: r"postgresql://ada:a%20b%27c%5Cd@db/records"})
    assert conninfo_to_dict(settings.conninfo)["password"] == r"a b'c\d"


@pytest.mark.parametrize("given", ["secret-7", "Host=db;Password=secret-7", "postgresql://ada:secret-7@[db/x", "a='"])
def test_what_is_no_connection_string_is_refused_without_being_quoted(given: str) -> None:
    with pytest.raises(SettingsError, match=f"^{_NAME}: not a connection string") as refused:
        Settings.from_env({_NAME: given})
    assert "secret-7" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_connection_string_is_required() -> None:
    with pytest.raises(SettingsError, match=f"^{_NAME} is required"):
        Settings.from_env({})


def test_number_of_connections_is_bounded() -> None:
    assert Settings.from_env({_NAME: "host=db", "Postgres__Connections": "3"}).connections == 3
    for wrong in ("0", "101", "many"):
        with pytest.raises(SettingsError, match=r"^Postgres__Connections"):
            Settings.from_env({_NAME: "host=db", "Postgres__Connections": wrong})


def test_settings_show_nothing_of_the_connection_string() -> None:
    settings = Settings.from_env({_NAME: "postgresql://ada:secret-7@db/records"})
    assert repr(settings) == str(settings) == "Settings(…, connections=8)"
