"""Where the account is: what is taken, and what is refused by name, without a word of what may be a key."""

import pytest

from gateway.azure.cosmos.settings import Settings
from gateway.env import SettingsError

ENDPOINT = "CosmosSettings__AccountEndpoint"


@pytest.mark.parametrize(
    ("given", "endpoint"),
    [
        ("https://a.documents.azure.com:443/", "https://a.documents.azure.com:443/"),
        ("https://a.documents.azure.com", "https://a.documents.azure.com/"),
        (" https://a.documents.azure.cn:443 ", "https://a.documents.azure.cn:443/"),
    ],
)
def test_endpoints_of_an_account_are_taken(given: str, endpoint: str) -> None:
    assert Settings.from_env({ENDPOINT: given}).endpoint == endpoint


@pytest.mark.parametrize(
    "given",
    [
        "",
        "a.documents.azure.com",
        "http://a.documents.azure.com",
        "https://a.documents.azure.com/dbs",
        "https://a.documents.azure.com/?x",
        "https://user:c2VjcmV0@a.documents.azure.com/",
        "AccountEndpoint=https://a.documents.azure.com:443/;AccountKey=c2VjcmV0",
    ],
)
def test_other_endpoints_are_refused_and_not_repeated(given: str) -> None:
    with pytest.raises(SettingsError, match=ENDPOINT) as caught:
        Settings.from_env({ENDPOINT: given})
    assert "c2VjcmV0" not in str(caught.value)


def test_connection_strings_are_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="CosmosSettings__ConnectionString"):
        Settings.from_env({ENDPOINT: "https://a.documents.azure.com", "CosmosSettings__ConnectionString": "x"})


def test_the_database_has_a_name_of_its_own_unless_one_is_given() -> None:
    assert Settings.from_env({ENDPOINT: "https://a.documents.azure.com"}).database == "McpGatewayDb"
    named = Settings.from_env({ENDPOINT: "https://a.documents.azure.com", "CosmosSettings__DatabaseName": "Mine"})
    assert named.database == "Mine"


@pytest.mark.parametrize("name", ["a/b", "a?b", "a#b", "a\\b", "x" * 256])
def test_a_database_that_cannot_be_one_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="CosmosSettings__DatabaseName"):
        Settings.from_env({ENDPOINT: "https://a.documents.azure.com", "CosmosSettings__DatabaseName": name})
