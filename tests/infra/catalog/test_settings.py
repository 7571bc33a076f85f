"""The provider's configuration: which gateway, as whom, and what is refused before anybody is asked."""

import pytest

from infra.catalog.plugin.settings import Settings, SettingsError
from infra.catalog.plugin.values import UNKNOWN, Secret, Values
from tests.infra.catalog.plugin import Plugin

_URL = "https://gateway.example.com"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "endpoint: expected the gateway's URL"),
        ({"endpoint": "gateway.example.com"}, "endpoint: expected the gateway's URL"),
        ({"endpoint": "ftp://gateway.example.com"}, "endpoint: expected the gateway's URL"),
        ({"endpoint": "https://me:pw@gateway.example.com"}, "endpoint: expected the gateway's URL"),
        ({"endpoint": f"{_URL}?a=b"}, "endpoint: expected the gateway's URL"),
        ({"endpoint": _URL, "scope": "access"}, "scope: give it in full"),
        ({"endpoint": _URL, "scope": "api://id/a", "devUser": "me"}, "scope and devUser: give one of them"),
        ({"endpoint": _URL, "devRoles": "mcp.admin"}, "devRoles: they need a devUser"),
        ({"endpoint": _URL, "tokenCommand": "az account"}, "tokenCommand: expected a list of texts"),
        ({"endpoint": _URL, "tokenCommand": [1]}, "tokenCommand: expected a list of texts"),
        (
            {"endpoint": "http://gateway.example.com", "scope": "api://id/a"},
            "endpoint: the token would travel unencrypt",
        ),
        ({"endpoint": "http://10.0.0.1", "tokenCommand": ["t"]}, "endpoint: the token would travel unencrypted"),
    ],
)
def test_a_bad_setting_is_named(given: Values, said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.read(given)
    assert str(refused.value).startswith(said)
    assert "pw" not in str(refused.value)


@pytest.mark.parametrize(
    ("scope", "asked"),
    [
        ("api://0b1c/access", "api://0b1c/.default"),
        ("api://0b1c/.default", "api://0b1c/.default"),
        ("https://mcp.example.com/mcp/access", "https://mcp.example.com/mcp/.default"),
        ("00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000001/.default"),
    ],
)
def test_azure_is_asked_for_the_whole_resource(scope: str, asked: str) -> None:
    assert Settings.read({"endpoint": _URL, "scope": scope}).scope == asked


def test_a_list_may_come_as_json_for_the_engine_knows_only_texts() -> None:
    given: Values = {"endpoint": Secret(f"{_URL}/"), "tokenCommand": '["az", "account"]'}
    settings = Settings.read(given)
    assert (settings.endpoint, settings.token_command) == (_URL, ("az", "account"))


async def test_the_engine_hears_of_a_bad_setting_and_keeps_only_what_is_ours() -> None:
    async with Plugin() as plugin:
        assert await plugin.checked_settings({"endpoint": "x"}) == (
            {"endpoint": "x"},
            ["endpoint: expected the gateway's URL, such as https://gateway.example.com."],
        )
        of_the_project: Values = {"endpoint": UNKNOWN, "resourceGroup": "mine", "password": "s3cret"}
        assert await plugin.checked_settings(of_the_project) == ({"endpoint": UNKNOWN}, [])
