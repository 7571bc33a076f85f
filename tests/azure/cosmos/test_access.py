"""Who may do what in the mock: data roles by their scope, tokens by their audience and signature, keys where they are on."""

import base64

import pytest
from azure.core.credentials import AccessToken
from azure.cosmos import ContainerProxy, CosmosClient
from azure.cosmos.exceptions import CosmosHttpResponseError
from azure.identity import ManagedIdentityCredential

from tests.azure.cosmos.access import Grant, Role
from tests.azure.cosmos.account import CosmosAccount
from tests.azure.mock import APPLICATION, Azure
from tests.fakes.identity_provider import new_key

KEY = base64.b64encode(b"k" * 64).decode()
NO_ROLE = "Sub Status: 5300"
ITEM = {"id": "1", "owner": "ada"}


class Given:
    """A credential that gives what it was given."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *scopes: str, **_: object) -> AccessToken:
        assert scopes == ("https://acct.documents.azure.com/.default",)
        return AccessToken(self._token, 4102444800)


def refused(container: ContainerProxy) -> str:
    with pytest.raises(CosmosHttpResponseError) as caught:
        container.upsert_item(ITEM)
    return str(caught.value)


def reached(account: CosmosAccount, credential: object) -> ContainerProxy:
    client = CosmosClient(account.url, credential)  # pyright: ignore[reportArgumentType] (whatever a test has)
    return client.get_database_client("db").get_container_client("things")


@pytest.mark.parametrize("scope", ["/", "/dbs/db", "/dbs/db/colls/things"])
@pytest.mark.parametrize("role", ["reader", "contributor"])
def test_a_role_is_for_what_is_inside_its_scope(account: CosmosAccount, role: Role, scope: str) -> None:
    account.access.grants = [Grant(APPLICATION.object_id, role, scope)]
    account.container("db", "others", "/owner")
    container = reached(account, ManagedIdentityCredential())
    assert list(container.read_all_items()) == []
    if role == "contributor":
        container.upsert_item(ITEM)
    else:
        assert NO_ROLE in refused(container)


@pytest.mark.parametrize("scope", ["/dbs/other", "/dbs/db/colls/thing", "/dbs/db/colls/things2"])
def test_a_role_elsewhere_opens_nothing_here(account: CosmosAccount, scope: str) -> None:
    account.access.grants = [Grant(APPLICATION.object_id, "contributor", scope)]
    assert NO_ROLE in refused(reached(account, ManagedIdentityCredential()))


def test_somebody_elses_role_is_not_ones_own(account: CosmosAccount) -> None:
    account.access.grants = [Grant("somebody-else", "contributor")]
    with pytest.raises(CosmosHttpResponseError):
        reached(account, ManagedIdentityCredential()).read()


def test_containers_are_not_made_with_a_data_role(account: CosmosAccount) -> None:
    with (
        CosmosClient(account.url, ManagedIdentityCredential()) as client,
        pytest.raises(CosmosHttpResponseError) as caught,
    ):
        client.create_database("another")
    assert NO_ROLE in str(caught.value)


@pytest.mark.parametrize("audience", ["https://vault.azure.net", "https://other.documents.azure.com", "c0ffee00"])
def test_a_token_for_something_else_is_refused(account: CosmosAccount, azure: Azure, audience: str) -> None:
    token = azure.provider.app_token(APPLICATION.object_id, aud=audience)
    with pytest.raises(CosmosHttpResponseError) as caught:
        reached(account, Given(token)).read()
    assert caught.value.status_code == 401


def test_a_token_that_another_key_signed_is_refused(account: CosmosAccount, azure: Azure) -> None:
    claims = {"aud": "https://acct.documents.azure.com", "oid": APPLICATION.object_id, "tid": azure.provider.tenant}
    forged = azure.provider.signed({**claims, "iss": azure.provider.issuer, "exp": 4102444800}, key=new_key())
    with pytest.raises(CosmosHttpResponseError) as caught:
        reached(account, Given(forged)).read()
    assert caught.value.status_code == 401


def test_a_token_that_has_ended_is_refused(account: CosmosAccount, azure: Azure) -> None:
    audience = "https://acct.documents.azure.com"
    token = azure.provider.app_token(APPLICATION.object_id, seconds=-10, aud=audience)
    with pytest.raises(CosmosHttpResponseError) as caught:
        reached(account, Given(token)).read()
    assert caught.value.status_code == 401


def test_a_key_is_refused_where_local_authentication_is_off(account: CosmosAccount) -> None:
    with pytest.raises(CosmosHttpResponseError, match="Local Authorization is disabled"):
        reached(account, KEY).read()


def test_a_key_opens_everything_where_it_is_the_accounts_and_nothing_where_not(azure: Azure) -> None:
    account = azure.cosmos_account("keyed", key=KEY)
    with CosmosClient(account.url, KEY) as client:
        database = client.create_database("db")
        container = database.create_container("things", {"paths": ["/owner"], "kind": "Hash"}, default_ttl=60)  # pyright: ignore[reportArgumentType] (as the service has it)
        container.create_item(ITEM)
        assert [each["id"] for each in database.list_containers()] == ["things"]
        assert [each["id"] for each in container.query_items("SELECT * FROM c", partition_key="ada")] == ["1"]
        database.delete_container("things")
    with pytest.raises(CosmosHttpResponseError) as caught:
        CosmosClient(account.url, base64.b64encode(b"x" * 64).decode())
    assert caught.value.status_code == 401
